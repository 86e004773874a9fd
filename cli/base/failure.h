/* A failure as a message for the user: the error, and what to do about it. */
#ifndef PRICEREPORT_FAILURE_H
#define PRICEREPORT_FAILURE_H

enum { EXIT_DONE = 0, EXIT_REGRESSION = 1, EXIT_USAGE = 2, EXIT_FAILED = 3 };

/* Filled in by the function that failed. Longer messages are cut. */
typedef struct Failure {
    char text[2000];
} Failure;

/* Writes the message, as printf does; the arguments may include failure->text itself. */
void failure_write(Failure *failure, const char *format, ...) __attribute__((format(printf, 2, 3), cold));

static inline int failure_value(void)
{
    return -1;
}

/* The same as an expression of the value -1, so that a function can end with it. The value stands here, and
 * not in failure_write, because static analysis of a caller has to see it. */
#define failure_set(...) (failure_write(__VA_ARGS__), failure_value())

/* Prints `pricereport: ` and the message to standard error, in which nothing can move the cursor: the message
 * may quote a file that another user wrote. Always returns EXIT_FAILED. */
int failure_print(const Failure *failure);

#endif
