#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/measure/commands.h"
#include "cli/measure/words.h"

struct CommandSet {
    const CommandWish *wish;
    CommandJob *jobs;
    char **names;
    size_t count, capacity;
    /* Index of the value of each parameter in the combination that is made. */
    size_t choice[COMMAND_PARAMETERS_MAX];
    /* Blocks that belong to the jobs, to be freed with the set. */
    void **blocks;
    size_t block_count, block_capacity;
};

/* Makes the set the owner of a block. Returns the block; NULL where memory ran out, now or before. */
static void *keep(CommandSet *set, void *block)
{
    if (block && set->block_count == set->block_capacity) {
        size_t capacity = set->block_capacity > 0 ? 2 * set->block_capacity : 64;
        void **blocks = realloc(set->blocks, capacity * sizeof *blocks);
        if (!blocks) {
            free(block);
            return NULL;
        }
        set->blocks = blocks;
        set->block_capacity = capacity;
    }
    if (block)
        set->blocks[set->block_count++] = block;
    return block;
}

/* The parameter whose {name} the text begins with; NULL: none. */
static const CommandParameter *parameter_at(const CommandWish *wish, const char *text)
{
    for (size_t i = 0; *text == '{' && i < wish->parameter_count; i++) {
        const char *name = wish->parameters[i].name;
        size_t length = strlen(name);
        if (strncmp(text + 1, name, length) == 0 && text[1 + length] == '}')
            return &wish->parameters[i];
    }
    return NULL;
}

static bool has_parameter(const CommandWish *wish, const char *text, const CommandParameter *parameter)
{
    for (; text && *text; text++)
        if (parameter_at(wish, text) == parameter)
            return true;
    return false;
}

/* The text with the chosen values; kept by the set. NULL when out of memory. */
static char *substitute(CommandSet *set, const char *text)
{
    char *result = NULL;
    size_t size;
    FILE *file = open_memstream(&result, &size);
    if (!file)
        return NULL;
    while (*text) {
        const CommandParameter *parameter = parameter_at(set->wish, text);
        if (parameter) {
            fputs(parameter->values[set->choice[parameter - set->wish->parameters]], file);
            text += strlen(parameter->name) + 2;
        } else {
            putc(*text++, file);
        }
    }
    if (fclose(file)) {
        free(result);
        return NULL;
    }
    return keep(set, result);
}

static int out_of_memory(Failure *failure)
{
    failure_write(failure, "out of memory for commands");
    return EXIT_FAILED;
}

/* The program that executes a text of the user: the shell, or the text's own words. */
static int make_program(CommandSet *set, const char *template, CommandProgram *program, Failure *failure)
{
    static char option[] = "-c";
    const char *shell = set->wish->shell ? set->wish->shell : "/bin/sh";
    const bool alone = strcmp(shell, "none") == 0;
    char *text = substitute(set, template), **words;
    if (!text)
        return out_of_memory(failure);
    if (words_split(alone ? text : shell, &words, failure))
        return EXIT_USAGE;
    if (!keep(set, words))
        return out_of_memory(failure);
    if (!alone) {
        size_t count = 0;
        while (words[count])
            count++;
        char **longer = keep(set, calloc(count + 3, sizeof *longer));
        if (!longer)
            return out_of_memory(failure);
        memcpy(longer, words, count * sizeof *longer);
        longer[count] = option;
        longer[count + 1] = text;
        words = longer;
    }
    *program = (CommandProgram){.text = text, .argv = words};
    return 0;
}

/* The program of the words after --. */
static int make_given(CommandSet *set, CommandProgram *program, Failure *failure)
{
    size_t count = 0;
    while (set->wish->argv[count])
        count++;
    char **words = keep(set, calloc(count + 1, sizeof *words));
    for (size_t i = 0; words && i < count; i++)
        if (!(words[i] = substitute(set, set->wish->argv[i])))
            return out_of_memory(failure);
    char *text = words ? keep(set, command_bench_text(words)) : NULL;
    if (!text)
        return out_of_memory(failure);
    *program = (CommandProgram){.text = text, .argv = words};
    return 0;
}

/* Whether a parameter is seen in the name of the command: in the name that was given, else in the command. */
static bool is_told(const CommandWish *wish, size_t command, const CommandParameter *parameter)
{
    if (command < wish->names.count)
        return has_parameter(wish, wish->names.texts[command], parameter);
    if (!wish->argv)
        return has_parameter(wish, wish->commands.texts[command], parameter);
    for (char *const *word = wish->argv; *word; word++)
        if (has_parameter(wish, *word, parameter))
            return true;
    return false;
}

/* The name of a job, with those parameters that are not in it: "sort (threads = 2)". */
static char *make_name(CommandSet *set, size_t command, const CommandJob *job)
{
    const CommandWish *wish = set->wish;
    const char *base = command < wish->names.count ? substitute(set, wish->names.texts[command])
                                                   : job->steps[COMMAND_TIMED].text;
    char *name = NULL;
    size_t size, told = 0;
    FILE *file = base ? open_memstream(&name, &size) : NULL;
    if (!file)
        return NULL;
    fputs(base, file);
    for (size_t i = 0; i < wish->parameter_count; i++)
        if (!is_told(wish, command, &wish->parameters[i]))
            fprintf(file, "%s%s = %s", told++ > 0 ? ", " : " (", wish->parameters[i].name,
                    wish->parameters[i].values[set->choice[i]]);
    if (told > 0)
        putc(')', file);
    if (fclose(file)) {
        free(name);
        return NULL;
    }
    return keep(set, name);
}

static int add_job(CommandSet *set, size_t command, Failure *failure)
{
    const CommandWish *wish = set->wish;
    CommandJob *job = &set->jobs[set->count];
    int status = wish->argv
                     ? make_given(set, &job->steps[COMMAND_TIMED], failure)
                     : make_program(set, wish->commands.texts[command], &job->steps[COMMAND_TIMED], failure);
    for (size_t step = 0; step < COMMAND_STEPS && status == 0; step++) {
        const CommandTexts *texts = &wish->steps[step];
        if (step != COMMAND_TIMED && texts->count > 0)
            status =
                make_program(set, texts->texts[texts->count > 1 ? command : 0], &job->steps[step], failure);
    }
    if (status)
        return status;
    char *name = make_name(set, command, job);
    if (!name)
        return out_of_memory(failure);
    for (size_t i = 0; i < set->count; i++)
        if (strcmp(set->names[i], name) == 0) {
            failure_write(failure, "%.500s is there twice: give each its --name, or leave one out", name);
            return EXIT_USAGE;
        }
    set->names[set->count++] = name;
    return 0;
}

/* Moves on to the next combination of values; the last parameter changes first. False after the last one. */
static bool choose_next(CommandSet *set)
{
    for (size_t i = set->wish->parameter_count; i-- > 0;) {
        if (++set->choice[i] < set->wish->parameters[i].count)
            return true;
        set->choice[i] = 0;
    }
    return false;
}

static bool is_used(const CommandWish *wish, const CommandParameter *parameter)
{
    for (size_t i = 0; i < (wish->argv ? 1 : wish->commands.count); i++)
        if (is_told(wish, i, parameter) ||
            (!wish->argv && has_parameter(wish, wish->commands.texts[i], parameter)))
            return true;
    for (char *const *word = wish->argv; word && *word; word++)
        if (has_parameter(wish, *word, parameter))
            return true;
    for (size_t step = 0; step < COMMAND_STEPS; step++)
        for (size_t i = 0; i < wish->steps[step].count; i++)
            if (has_parameter(wish, wish->steps[step].texts[i], parameter))
                return true;
    return false;
}

static int check_parameters(const CommandWish *wish, size_t *jobs, Failure *failure)
{
    for (size_t i = 0; i < wish->parameter_count; i++) {
        const CommandParameter *parameter = &wish->parameters[i];
        if (!is_used(wish, parameter)) {
            failure_write(failure, "--parameter %s: no command has {%s}: write it where the values belong",
                          parameter->name, parameter->name);
            return EXIT_USAGE;
        }
        *jobs *= parameter->count;
        if (*jobs > COMMAND_JOBS_MAX) {
            failure_write(failure, "--parameter %s: more than %d combinations", parameter->name,
                          COMMAND_JOBS_MAX);
            return EXIT_USAGE;
        }
    }
    return 0;
}

bool commands_wished(const CommandWish *wish)
{
    return wish->argv || wish->commands.count > 0;
}

int commands_expand(const CommandWish *wish, CommandSet **set, Failure *failure)
{
    size_t commands = wish->argv ? 1 : wish->commands.count, jobs = commands;
    *set = NULL;
    int status = check_parameters(wish, &jobs, failure);
    if (status || !jobs)
        return status;
    CommandSet *made = calloc(1, sizeof *made);
    if (!made)
        return out_of_memory(failure);
    *made = (CommandSet){
        .wish = wish, .jobs = calloc(jobs, sizeof *made->jobs), .names = calloc(jobs, sizeof *made->names)};
    if (!made->jobs || !made->names)
        status = out_of_memory(failure);
    for (size_t i = 0; i < commands && status == 0; i++)
        do
            status = add_job(made, i, failure);
        while (status == 0 && choose_next(made));
    if (status)
        commands_free(&made);
    *set = made;
    return status;
}

void commands_free(CommandSet **set)
{
    if (!*set)
        return;
    for (size_t i = 0; i < (*set)->block_count; i++)
        free((*set)->blocks[i]);
    free((*set)->blocks);
    free((*set)->jobs);
    free((*set)->names);
    free(*set);
    *set = NULL;
}

const CommandJob *commands_jobs(const CommandSet *set)
{
    return set->jobs;
}

size_t commands_count(const CommandSet *set)
{
    return set->count;
}

const CommandWish *commands_wish(const CommandSet *set)
{
    return set->wish;
}

const char *commands_name(const CommandSet *set, size_t job)
{
    return set->names[job];
}

bool commands_is_named(const CommandSet *set, size_t job)
{
    return set->wish->names.count > 0 &&
           strcmp(set->names[job], set->jobs[job].steps[COMMAND_TIMED].text) != 0;
}
