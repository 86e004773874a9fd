/* A library that only a certain program can load: a pointer in it is to a function of that program. */
int only_the_host_has_this(void);
extern int (*const needs)(void);

int (*const needs)(void) = only_the_host_has_this;
