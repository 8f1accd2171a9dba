/* SPDX-License-Identifier: Apache-2.0
 * burnish help [COMMAND] */
#include "commands.h"
#include "output.h"

#include <stdio.h>
#include <string.h>

static int run(const cli_call *call)
{
    const char *noun = call->input_count > 0 ? call->inputs[0] : NULL;
    const char *verb = call->input_count > 1 ? call->inputs[1] : NULL;
    if (!noun) {
        cli_commands_help(NULL);
        return CLI_DONE;
    }
    const cli_command *command = cli_command_find(noun, verb);
    if (command) {
        cli_options_help(command);
        return CLI_DONE;
    }
    for (int i = 0; !verb && cli_command_at(i); i++) {
        if (strcmp(cli_command_at(i)->noun, noun) != 0) continue;
        cli_commands_help(noun);
        return CLI_DONE;
    }
    return cli_command_unknown(noun, verb);
}

const cli_command cli_command_help = {
    .noun = "help",
    .arguments = "[COMMAND]",
    .summary = "Lists the commands, or describes one",
    .inputs_max = 2,
    .options = {CLI_HELP},
    .run = run,
};
