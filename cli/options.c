/* SPDX-License-Identifier: Apache-2.0
 * Options: parsing by getopt_long, checking, and the help. */
#include "options.h"
#include "commands.h"
#include "nearest.h"
#include "output.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct cli_option {
    const char *name;
    cli_option_type type;
    const char *value;
    double low, high;
    const char *help, *otherwise;
} cli_option;

static const cli_option options[CLI_OPTION_COUNT] = {
#define X(id, name, type, value, low, high, help, otherwise)                                       \
    [CLI_##id] = {name, CLI_IS_##type, value, low, high, help, otherwise},
    CLI_OPTION_LIST(X)
#undef X
};

/* What getopt_long returns for an option: its id plus FIRST, past all characters; plus OFF for the
 * --no- form of a SWITCH. */
enum {
    FIRST = 256,
    OFF = 1000,
    LONG_MAX_COUNT = 2 * CLI_COMMAND_OPTIONS_MAX + 1,
    NAME_MAX_LENGTH = 48
};

typedef struct long_options {
    struct option list[LONG_MAX_COUNT + 1];
    char names[LONG_MAX_COUNT][NAME_MAX_LENGTH];
    int count;
} long_options;

static bool takes_value(cli_option_type type)
{
    return type != CLI_IS_FLAG && type != CLI_IS_SWITCH;
}

static void add_long(long_options *out, const char *prefix, cli_option_id id, int number)
{
    char *name = out->names[out->count];
    snprintf(name, NAME_MAX_LENGTH, "%s%s", prefix, options[id].name);
    out->list[out->count++] = (struct option){
        name, takes_value(options[id].type) ? required_argument : no_argument, NULL, number};
}

static void list_long(const cli_command *command, long_options *out)
{
    memset(out, 0, sizeof *out);
    for (int i = 0; i < CLI_COMMAND_OPTIONS_MAX; i++) {
        cli_option_id id = command->options[i];
        add_long(out, "", id, (int)id + FIRST);
        if (options[id].type == CLI_IS_SWITCH) add_long(out, "no-", id, (int)id + FIRST + OFF);
        if (id == CLI_HELP) break;
    }
}

/* "sgd|adamw" -> "sgd, adamw" */
static void list_words(const char *choices, char *out, size_t size)
{
    size_t used = 0;
    for (; *choices && used + 2 < size; choices++) {
        out[used++] = *choices == '|' ? ',' : *choices;
        if (*choices == '|') out[used++] = ' ';
    }
    out[used] = 0;
}

static int wrong_value(const cli_option *option, const char *text)
{
    char words[128];
    switch (option->type) {
    case CLI_IS_WHOLE:
        if (option->high > 1e15)
            return cli_fail(CLI_WRONG_USE, "--%s %s: expected a whole number from %.0f up",
                            option->name, text, option->low);
        return cli_fail(CLI_WRONG_USE, "--%s %s: expected a whole number from %.0f to %.0f",
                        option->name, text, option->low, option->high);
    case CLI_IS_REAL:
        return cli_fail(CLI_WRONG_USE, "--%s %s: expected a number from %g to %g", option->name,
                        text, option->low, option->high);
    case CLI_IS_CHOICE:
        list_words(option->value, words, sizeof words);
        return cli_fail(CLI_WRONG_USE, "--%s %s: expected one of %s", option->name, text, words);
    default: return cli_fail(CLI_WRONG_USE, "--%s: expected a %s", option->name, option->value);
    }
}

static bool is_choice(const char *words, const char *text)
{
    size_t length = strlen(text);
    while (length) {
        size_t word = strcspn(words, "|");
        if (word == length && !strncmp(words, text, word)) return true;
        if (!words[word]) break;
        words += word + 1;
    }
    return false;
}

/* Checks the whole of `text`, to its last character. */
static int read_value(cli_option_id id, const char *text, cli_value *value)
{
    const cli_option *option = &options[id];
    char *end = NULL;
    bool good = false, blank = strspn(text, " \t\n\v\f\r") > 0 || !*text;
    errno = 0;
    switch (option->type) {
    case CLI_IS_WHOLE:
        value->whole = strtoll(text, &end, 10);
        good = !blank && !*end && !errno && (double)value->whole >= option->low &&
               (double)value->whole <= option->high;
        break;
    case CLI_IS_REAL:
        value->real = strtod(text, &end);
        good = !blank && !*end && isfinite(value->real) && value->real >= option->low &&
               value->real <= option->high;
        break;
    case CLI_IS_CHOICE: good = is_choice(option->value, text); break;
    case CLI_IS_TEXT: good = *text != 0; break;
    case CLI_IS_FLAG:
    case CLI_IS_SWITCH: good = true; break;
    }
    if (!good) return wrong_value(option, text);
    value->text = text;
    value->set = true;
    return CLI_DONE;
}

/* `typed` starts with a dash and is not the whole name of an option of the command. */
static int unknown_option(const cli_command *command, const long_options *known, const char *typed)
{
    char name[128];
    const char *best = NULL, *verb = command->verb ? command->verb : "";
    int best_distance = 0;
    typed += strspn(typed, "-");
    snprintf(name, sizeof name, "%.*s", (int)strcspn(typed, "="), typed);
    for (int i = 0; i < known->count; i++) {
        if (!strcmp(known->list[i].name, name))
            return cli_fail(CLI_WRONG_USE, "--%s takes no value", name);
        int distance = cli_distance(name, known->list[i].name);
        /* The beginning of a name is nearer than its length says. */
        if (*name && !strncmp(known->list[i].name, name, strlen(name))) distance = 1;
        if (!best || distance < best_distance) best = known->list[i].name, best_distance = distance;
    }
    if (best && cli_is_near(name, best_distance))
        return cli_fail(CLI_WRONG_USE,
                        "--%s is not an option of burnish %s%s%s; did you mean --%s?", name,
                        command->noun, *verb ? " " : "", verb, best);
    return cli_fail(CLI_WRONG_USE,
                    "--%s is not an option of burnish %s%s%s; burnish help %s%s%s lists them", name,
                    command->noun, *verb ? " " : "", verb, command->noun, *verb ? " " : "", verb);
}

/* getopt_long takes beginnings of names; we do not, so that a new option breaks no script. */
static bool is_whole_name(const char *name, char **argv, const char *value)
{
    const char *typed = argv[optind - 1];
    if (value && value == typed) typed = argv[optind - 2];
    typed += 2;
    return strcspn(typed, "=") == strlen(name);
}

static int take_inputs(const cli_command *command, cli_call *call)
{
    const char *verb = command->verb ? command->verb : "";
    const char *space = *verb ? " " : "";
    if (call->input_count < command->inputs_min)
        return cli_fail(CLI_WRONG_USE, "expected burnish %s%s%s %s", command->noun, space, verb,
                        command->arguments);
    if (call->input_count > command->inputs_max)
        return cli_fail(CLI_WRONG_USE, "%s is too much; expected burnish %s%s%s %s",
                        call->inputs[command->inputs_max], command->noun, space, verb,
                        command->arguments);
    return CLI_DONE;
}

static int take_option(const cli_command *command, const long_options *known, int index,
                       char **argv, cli_call *call)
{
    int number = known->list[index].val;
    cli_option_id id = (cli_option_id)((number > OFF ? number - OFF : number) - FIRST);
    const char *value = known->list[index].has_arg ? optarg : NULL;
    if (!is_whole_name(known->list[index].name, argv, value)) {
        const char *typed = argv[optind - (value && value == argv[optind - 1] ? 2 : 1)];
        return unknown_option(command, known, typed);
    }
    call->values[id].flag = number <= OFF;
    call->values[id].given = true;
    return read_value(id, value ? value : "", &call->values[id]);
}

/* -n 10: --top 10, of commands that have it. */
static int take_top(const cli_command *command, cli_call *call)
{
    for (int i = 0; command->options[i] != CLI_HELP; i++) {
        if (command->options[i] != CLI_TOP) continue;
        call->values[CLI_TOP].given = true;
        return read_value(CLI_TOP, optarg, &call->values[CLI_TOP]);
    }
    return cli_fail(CLI_WRONG_USE, "-n is not an option; options are words: --quiet");
}

int cli_options_parse(const cli_command *command, int argc, char **argv, cli_call *call)
{
    long_options known;
    int index = 0, found, code = CLI_DONE;
    list_long(command, &known);
    if (command->defaults) command->defaults(call->values);
    opterr = 0;
    optind = 1;
    /* "-": inputs come in order, as if they were the option 1; ":": tell a missing value apart; -n is
     * --top. */
    while (code == CLI_DONE && (found = getopt_long(argc, argv, "-:hn:", known.list, &index)) != -1) {
        if (found == 1)
            call->inputs[call->input_count++] = optarg;
        else if (found == 'h')
            call->values[CLI_HELP].flag = true;
        else if (found == 'n')
            code = take_top(command, call);
        else if (found == ':')
            code = cli_fail(CLI_WRONG_USE, "%s: expected a value", argv[optind - 1]);
        else if (found == '?' && optopt > 0 && optopt < FIRST)
            code =
                cli_fail(CLI_WRONG_USE, "-%c is not an option; options are words: --quiet", optopt);
        else if (found == '?')
            code = unknown_option(command, &known, argv[optind - 1]);
        else
            code = take_option(command, &known, index, argv, call);
    }
    while (code == CLI_DONE && optind < argc) call->inputs[call->input_count++] = argv[optind++];
    if (code == CLI_DONE && !call->values[CLI_HELP].flag) code = take_inputs(command, call);
    return code;
}

const char *cli_options_beside(const cli_call *call, cli_option_id alone)
{
    for (int id = 0; id < CLI_OPTION_COUNT; id++) {
        bool shows = id == CLI_QUIET || id == CLI_JSON || id == CLI_HELP;
        if (call->values[id].given && !shows && id != (int)alone) return options[id].name;
    }
    return NULL;
}

static void default_text(const cli_option *option, const cli_value *value, char *out, size_t size)
{
    *out = 0;
    if (value->set && option->type == CLI_IS_WHOLE)
        snprintf(out, size, " (%" PRId64 ")", value->whole);
    else if (value->set && option->type == CLI_IS_REAL)
        snprintf(out, size, " (%g)", value->real);
    else if (value->set && option->type == CLI_IS_SWITCH)
        snprintf(out, size, " (%s)", value->flag ? "on" : "off");
    else if (value->set && value->text)
        snprintf(out, size, " (%s)", value->text);
    else if (option->otherwise)
        snprintf(out, size, " (%s)", option->otherwise);
}

void cli_options_help(const cli_command *command)
{
    cli_value values[CLI_OPTION_COUNT] = {0};
    if (command->defaults) command->defaults(values);
    printf("burnish %s%s%s%s%s [--options]\n\n%s.\n", command->noun, command->verb ? " " : "",
           command->verb ? command->verb : "", *command->arguments ? " " : "", command->arguments,
           command->summary);
    if (command->details) printf("\n%s\n", command->details);
    printf("\nOptions (and what holds without them):\n");
    for (int i = 0; i < CLI_COMMAND_OPTIONS_MAX; i++) {
        cli_option_id id = command->options[i];
        const cli_option *option = &options[id];
        char left[80], otherwise[80];
        snprintf(left, sizeof left, "--%s%s%s%s", option->type == CLI_IS_SWITCH ? "[no-]" : "",
                 option->name, *option->value ? " " : "", option->value);
        default_text(option, &values[id], otherwise, sizeof otherwise);
        printf("  %-*s%s%s%s\n", 28, left,
               strlen(left) > 27 ? "\n                              " : "", option->help,
               otherwise);
        if (id == CLI_HELP) break;
    }
}
