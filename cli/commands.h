/* SPDX-License-Identifier: Apache-2.0
 * The commands. Each is one record in a file of its own; to add one, write the file and a line in
 * CLI_COMMAND_LIST. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "options.h"

/* In the order of the help. */
#define CLI_COMMAND_LIST(X)                                                                        \
    X(image_train)                                                                                 \
    X(image_lr_find)                                                                               \
    X(image_evaluate)                                                                              \
    X(image_interpret)                                                                             \
    X(image_predict)                                                                               \
    X(data_download)                                                                               \
    X(data_check)                                                                                  \
    X(data_split)                                                                                  \
    X(data_preview)                                                                                \
    X(table_train)                                                                                 \
    X(table_lr_find)                                                                               \
    X(table_evaluate)                                                                              \
    X(table_predict)                                                                               \
    X(table_interpret)                                                                             \
    X(table_embeddings)                                                                            \
    X(table_describe)                                                                              \
    X(ratings_train)                                                                               \
    X(ratings_evaluate)                                                                            \
    X(ratings_predict)                                                                             \
    X(ratings_recommend)                                                                           \
    X(ratings_similar)                                                                             \
    X(ratings_lr_find)                                                                             \
    X(lm_train)                                                                                    \
    X(lm_evaluate)                                                                                 \
    X(lm_generate)                                                                                 \
    X(lm_lr_find)                                                                                  \
    X(text_train)                                                                                  \
    X(text_lr_find)                                                                                \
    X(text_evaluate)                                                                               \
    X(text_predict)                                                                                \
    X(text_interpret)                                                                              \
    X(models_list)                                                                                 \
    X(models_pull)                                                                                 \
    X(models_info)                                                                                 \
    X(models_import)                                                                               \
    X(runs_list)                                                                                   \
    X(runs_compare)                                                                                \
    X(bench_train)                                                                                 \
    X(bench_infer)                                                                                 \
    X(bench_profile)                                                                               \
    X(bench_read)                                                                                  \
    X(info)                                                                                        \
    X(help)

enum { CLI_COMMAND_OPTIONS_MAX = 96 };

typedef struct cli_command {
    const char *noun, *verb;  /* "image", "train"; a command of one word has no verb */
    const char *arguments;    /* as the help shows them: "RUN FOLDER" */
    const char *summary;      /* one line */
    const char *details;      /* more lines for its own help, or NULL */
    int inputs_min, inputs_max;
    bool computes;            /* runs networks */
    cli_option_id options[CLI_COMMAND_OPTIONS_MAX]; /* HELP ends the list */
    void (*defaults)(cli_value *values);            /* NULL: none */
    int (*run)(const struct cli_call *call);        /* an exit code */
} cli_command;

/* What the user asked for. */
typedef struct cli_call {
    const cli_command *command;
    const char **inputs;
    int input_count;
    cli_value values[CLI_OPTION_COUNT];
} cli_call;

/* --resume RUN stands alone: tells of what is beside it; `what` the run has is "table". An exit code. */
int cli_resume_alone(const cli_call *call, const char *what);

#define X(name) extern const cli_command cli_command_##name;
CLI_COMMAND_LIST(X)
#undef X

const cli_command *cli_command_at(int index); /* NULL past the last */
/* The command of these words (verb may be NULL). */
const cli_command *cli_command_find(const char *noun, const char *verb);
/* How many of the words make the command's name: 1 or 2. */
int cli_command_words(const cli_command *command);
/* "image train | evaluate | predict, models ...": what this version has, in one sentence's end. */
void cli_command_names(char *out, unsigned long size);
/* All commands, one line each, on standard output; those of `noun` only when it is not NULL. */
void cli_commands_help(const char *noun);
/* Tells what is wrong with words that name no command; gives the exit code of wrong usage. */
int cli_command_unknown(const char *noun, const char *verb);

#endif
