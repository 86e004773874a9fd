/* The verbs. Each gets its arguments with argv[0] "pricereport", the verb itself taken out, and returns an
 * exit status. */
#ifndef PRICEREPORT_VERBS_H
#define PRICEREPORT_VERBS_H

int verb_experiment(int argc, char **argv);
int verb_run(int argc, char **argv);
int verb_list(int argc, char **argv);
int verb_show(int argc, char **argv);
int verb_plot(int argc, char **argv);
int verb_compare(int argc, char **argv);
int verb_check(int argc, char **argv);
int verb_history(int argc, char **argv);
int verb_ack(int argc, char **argv);
int verb_exclude(int argc, char **argv);
int verb_threshold(int argc, char **argv);
int verb_export(int argc, char **argv);
int verb_import(int argc, char **argv);
int verb_merge(int argc, char **argv);
int verb_report(int argc, char **argv);
int verb_doctor(int argc, char **argv);

#endif
