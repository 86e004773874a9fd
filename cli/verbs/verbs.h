/* The verbs, each defined in the file of its name. */
#ifndef PRICEREPORT_VERBS_H
#define PRICEREPORT_VERBS_H

#include "cli/verbs/verb.h"

extern const Verb verb_experiment, verb_run, verb_list, verb_show, verb_plot, verb_report, verb_doctor,
    verb_compare, verb_check, verb_history, verb_ack, verb_exclude, verb_threshold, verb_export, verb_import,
    verb_merge, verb_delete, verb_prune;

/* All but the experiment, in the order in which help lists them, ends with NULL. */
extern const Verb *const verbs[];

#endif
