/*
 * The kinds of executors. The list stands in meson.build; kinds.c makes an array of it. A further kind is a
 * file or a folder beside this one that defines `executor_NAME`, and its name in that list.
 */
#ifndef PRICEMAP_KINDS_H
#define PRICEMAP_KINDS_H

#include "executor_list.h"
#include "ext/executors/executor.h"

#define EXECUTOR_DECLARE(name) extern const ExecutorKind executor_##name;
EXECUTOR_ALL_LIST(EXECUTOR_DECLARE)
#undef EXECUTOR_DECLARE

#define EXECUTOR_INDEX(name) EXECUTOR_INDEX_##name,
enum { EXECUTOR_ALL_LIST(EXECUTOR_INDEX) EXECUTOR_KINDS };
#undef EXECUTOR_INDEX

/* All kinds, in the order of the list. */
extern const ExecutorKind *const executor_kinds[EXECUTOR_KINDS];

/* The index of a kind in executor_kinds. */
int executor_kind_index(const ExecutorKind *kind);

/* The name of a kind as users write it; NULL stands for `auto`. */
const char *executor_kind_name(const ExecutorKind *kind);

/* Finds the kind of a name, in any letters' case; `auto` gives NULL. False where no kind has that name. */
bool executor_kind_parse(const char *name, const ExecutorKind **kind);

#endif
