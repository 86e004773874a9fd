#include "ext/run/work_sum.h"

void work_sum_add(WorkSum *sum, const TaskSample *sample, double host_ns)
{
    sum->tasks++;
    sum->units += sample->units;
    sum->ns += sample->ns;
    sum->processor_ns += sample->processor_ns;
    sum->queued_ns += sample->queued_ns;
    sum->blocked += sample->blocked;
    sum->preempted += sample->preempted;
    sum->host_ns += host_ns * sample->units;
}

bool work_sum_waits(const WorkSum *sum)
{
    return sum->blocked > 0 && (sum->queued_ns > 0 || sum->blocked > sum->preempted) &&
           sum->processor_ns < (sum->ns - sum->queued_ns) / 2;
}

double work_sum_unit_ns(const WorkSum *sum)
{
    bool disturbed = sum->preempted > 0 && sum->preempted >= sum->blocked && sum->processor_ns < sum->ns;
    double ns = sum->queued_ns > 0 ? sum->ns - sum->queued_ns : disturbed ? sum->processor_ns : sum->ns;
    return (ns > sum->processor_ns ? ns : sum->processor_ns) / sum->units;
}
