#include "cli/verbs/verbs.h"

const Verb *const verbs[] = {&verb_run,     &verb_list,      &verb_show,   &verb_plot,    &verb_report,
                             &verb_doctor,  &verb_compare,   &verb_check,  &verb_history, &verb_ack,
                             &verb_exclude, &verb_threshold, &verb_export, &verb_import,  &verb_merge,
                             &verb_delete,  &verb_prune,     NULL};
