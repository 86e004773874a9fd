/*
 * The shared library that this code is in, as the dynamic linker knows it.
 */
#ifndef PRICEMAP_OWN_LIBRARY_H
#define PRICEMAP_OWN_LIBRARY_H

#include <stdbool.h>

/*
 * Keeps the library mapped until own_library_let_go(*held), whatever the host closes meanwhile; *held is NULL
 * where this code is part of the program, which is never unmapped. False, holding nothing, where memory is
 * short. Any thread.
 */
bool own_library_hold(void **held);

/* Lets go of what own_library_hold gave; NULL does nothing. Not to be called where nothing else keeps the
 * caller's code mapped. */
void own_library_let_go(void *held);

#endif
