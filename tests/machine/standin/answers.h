/*
 * What a stand-in driver answers: lines "key=value" of the file that STANDIN_MACHINE names, read anew at every question.
 * "!N" as a value is the status N in place of an answer, "hang" never answers, "crash" ends the process.
 */
#ifndef ANSWERS_H
#define ANSWERS_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Return 1 and the value of a key, given as a format; 0 where there is no such line. */
static int answer(char *out, size_t room, const char *format, ...)
{
    char key[128], line[512];
    const char *path = getenv("STANDIN_MACHINE");
    FILE *file = path ? fopen(path, "r") : NULL;
    int found = 0;
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(key, sizeof key, format, arguments);
    va_end(arguments);
    while (file && !found && fgets(line, sizeof line, file)) {
        char *mark = strchr(line, '=');
        if (mark && (size_t)(mark - line) == strlen(key) && !memcmp(line, key, strlen(key))) {
            mark[strcspn(mark, "\n")] = '\0';
            snprintf(out, room, "%s", mark + 1);
            found = 1;
        }
    }
    if (file) {
        fclose(file);
    }
    if (found && !strcmp(out, "hang")) {
        for (;;) {
            pause();
        }
    }
    if (found && !strcmp(out, "crash")) {
        abort();
    }
    return found;
}

/* Return the status that a value stands for: 0 for an answer, missing where there was none. */
static int status_of(int found, const char *value, int missing)
{
    return !found ? missing : value[0] == '!' ? atoi(value + 1) : 0;
}

#endif
