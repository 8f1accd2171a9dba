/* SPDX-License-Identifier: Apache-2.0
 * burnish JOB VERB INPUT... --options
 *
 * Finds the command in the table, parses its options, runs it. Everything the program does it does
 * through include/burnish. */
#include "commands.h"
#include "output.h"

#include "burnish/version.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Errors in the options are told as the options ask, so these two are looked for first. */
static bool has_word(int argc, char **argv, const char *word)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (!strcmp(argv[i], word)) return true;
    return false;
}

static int run_command(const cli_command *command, int argc, char **argv)
{
    cli_call call = {.command = command};
    call.inputs = calloc((size_t)argc + 1, sizeof *call.inputs);
    if (!call.inputs) return cli_fail(CLI_NO_ROOM, "no memory");
    /* The last word of the command's name stands where getopt expects the program's. */
    int words = cli_command_words(command);
    int code = cli_options_parse(command, argc - words, argv + words, &call);
    if (code == CLI_DONE && call.values[CLI_HELP].flag)
        cli_options_help(command);
    else if (code == CLI_DONE)
        code = command->run(&call);
    free(call.inputs);
    return code;
}

/* OpenMP's threads spin for milliseconds where they wait for each other. With as many busy threads
 * as processors, and a thread that loads pictures besides, that time is taken from those that work:
 * training at a quarter of its rate was measured. libgomp reads how long to spin when the program
 * is loaded, so the program loads itself once more. What the user has set stays. */
static void spin_briefly(char **argv)
{
    char path[4096];
    if (getenv("GOMP_SPINCOUNT") || getenv("OMP_WAIT_POLICY")) return;
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length <= 0) return;
    path[length] = 0;
    if (setenv("GOMP_SPINCOUNT", "1000", 1) == 0) execv(path, argv);
}

static int start(int argc, char **argv)
{
    const char *noun = argc > 1 ? argv[1] : NULL;
    const char *verb = argc > 2 && argv[2][0] != '-' ? argv[2] : NULL;
    if (!noun) {
        cli_commands_help(NULL);
        return CLI_WRONG_USE;
    }
    if (!strcmp(noun, "--version")) {
        printf("burnish %s\n", brn_version());
        return CLI_DONE;
    }
    if (!strcmp(noun, "--help") || !strcmp(noun, "-h")) {
        cli_commands_help(NULL);
        return CLI_DONE;
    }
    if (noun[0] == '-')
        return cli_fail(CLI_WRONG_USE, "%s: expected a command first; burnish help lists them",
                        noun);
    const cli_command *command = cli_command_find(noun, verb);
    if (command && command->computes) spin_briefly(argv);
    if (command) return run_command(command, argc, argv);
    if (!verb && (has_word(argc, argv, "--help") || has_word(argc, argv, "-h"))) {
        cli_commands_help(noun);
        return CLI_DONE;
    }
    return cli_command_unknown(noun, verb);
}

int main(int argc, char **argv)
{
    /* A reader that goes away must not end a training run: writing then fails, and is told. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a limit on file sizes is an error of write, as a full disk is */
    cli_output_mode(has_word(argc, argv, "--json"), has_word(argc, argv, "--quiet"));
    return cli_output_finish(start(argc, argv));
}
