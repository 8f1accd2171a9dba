/* SPDX-License-Identifier: Apache-2.0
 * The table of commands: finding one, listing them, and helping with words that name none. */
#include "commands.h"
#include "burnish/version.h"
#include "nearest.h"
#include "output.h"

#include <stdio.h>
#include <string.h>

static const cli_command *const commands[] = {
#define X(name) &cli_command_##name,
    CLI_COMMAND_LIST(X)
#undef X
};
enum { COMMANDS = sizeof commands / sizeof *commands };

const cli_command *cli_command_at(int index)
{
    return index >= 0 && index < COMMANDS ? commands[index] : NULL;
}

int cli_command_words(const cli_command *command)
{
    return command->verb ? 2 : 1;
}

const cli_command *cli_command_find(const char *noun, const char *verb)
{
    for (int i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i]->noun, noun) != 0) continue;
        if (!commands[i]->verb || (verb && !strcmp(commands[i]->verb, verb))) return commands[i];
    }
    return NULL;
}

void cli_command_names(char *out, unsigned long size)
{
    size_t used = 0;
    out[0] = 0;
    for (int i = 0; i < COMMANDS; i++) {
        bool same = i > 0 && !strcmp(commands[i]->noun, commands[i - 1]->noun);
        const char *verb = commands[i]->verb ? commands[i]->verb : "";
        int added = same ? snprintf(out + used, size - used, " | %s", verb)
                         : snprintf(out + used, size - used, "%s%s%s%s", i ? ", " : "",
                                    commands[i]->noun, *verb ? " " : "", verb);
        if (added < 0 || (size_t)added >= size - used) return;
        used += (size_t)added;
    }
}

void cli_commands_help(const char *noun)
{
    if (!noun)
        printf("burnish %s: practical deep learning\n\nburnish JOB VERB INPUT... [--options]\n\n",
               brn_version());
    for (int i = 0; i < COMMANDS; i++) {
        char left[80];
        const cli_command *command = commands[i];
        if (noun && strcmp(noun, command->noun) != 0) continue;
        snprintf(left, sizeof left, "%s%s%s %s", command->noun, command->verb ? " " : "",
                 command->verb ? command->verb : "", command->arguments);
        printf("  burnish %-34s %s\n", left, command->summary);
    }
    printf("\nburnish help COMMAND describes one command with its options.\n");
}

static bool is_noun(const char *word)
{
    for (int i = 0; i < COMMANDS; i++)
        if (!strcmp(commands[i]->noun, word)) return true;
    return false;
}

/* The nearest noun, or the nearest verb of `noun`; NULL when none is near. */
static const char *nearest(const char *noun, const char *typed)
{
    const char *best = NULL;
    int best_distance = 0;
    for (int i = 0; i < COMMANDS; i++) {
        if (noun && strcmp(commands[i]->noun, noun) != 0) continue;
        const char *word = noun ? commands[i]->verb : commands[i]->noun;
        if (!word) continue;
        int distance = cli_distance(typed, word);
        if (!best || distance < best_distance) best = word, best_distance = distance;
    }
    return best && cli_is_near(typed, best_distance) ? best : NULL;
}

int cli_command_unknown(const char *noun, const char *verb)
{
    char names[512];
    cli_command_names(names, sizeof names);
    const char *space = verb ? " " : "", *second = verb ? verb : "";
    if (is_noun(noun)) {
        const char *near_verb = verb ? nearest(noun, verb) : NULL;
        if (near_verb)
            return cli_fail(CLI_WRONG_USE, "%s %s is not a command; did you mean %s %s?", noun,
                            verb, noun, near_verb);
        return cli_fail(CLI_WRONG_USE,
                        "%s%s%s is not a command; burnish help %s lists what %s does", noun, space,
                        second, noun, noun);
    }
    const char *near_noun = nearest(NULL, noun);
    if (near_noun)
        return cli_fail(CLI_WRONG_USE, "%s is not a command; did you mean %s?", noun, near_noun);
    return cli_fail(CLI_WRONG_USE, "%s is not a command; expected one of %s", noun, names);
}

int cli_resume_alone(const cli_call *call, const char *what)
{
    if (call->input_count > 0)
        return cli_fail(CLI_WRONG_USE, "%s: --resume takes the %s from the run", call->inputs[0], what);
    const char *other = cli_options_beside(call, CLI_RESUME);
    if (!other) return CLI_DONE;
    return cli_fail(CLI_WRONG_USE, "--%s: --resume takes all options from the run", other);
}
