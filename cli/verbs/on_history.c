#include "cli/verbs/on_history.h"
#include "cli/output/output.h"

int on_history(const Options *options, HistoryMode mode, HistoryWork *work, const void *context)
{
    Failure failure;
    History *history;
    if (history_open(&history, options->db, mode, &failure))
        return failure_print(&failure);
    int status = work(history, options, context, &failure);
    if (status >= 0 && output_finish(stdout, &failure))
        status = -1;
    history_close(&history);
    return status < 0 ? failure_print(&failure) : status;
}
