/* Has the disk of a history fail, or pricereport die, at a chosen change of its files: see disk_faults.c.
 * Include the cmocka headers before this one. */
#ifndef DISK_H
#define DISK_H

/* What the commands from here on suffer, as disk_faults.c has it: "full" at change 3 and after. NULL: nothing
 * more. */
void disk_plan(const char *fault, long change);

/* Whether every case is wanted, and not a choice of them: PRICEMAP_FAULTS is "all". */
int disk_all(void);

#endif
