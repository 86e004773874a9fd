/* The kernel of the crazy raise against a loop of bare square roots of the same width. */
#include <stdio.h>

#include "ext/base/clock.h"
#include "ext/functions/price.h"
#include "bare_loop.h"
#include "figures.h"

static const double percent = 10;
static const double price = 42;

typedef struct Kernel {
    const PriceVariant *variant;
    double result;
} Kernel;

static int take_kernel(void *context, int64_t loops, Sample *sample, Failure *failure)
{
    Kernel *kernel = context;
    int64_t start = clock_ns();
    for (int64_t i = 0; i < loops; i++)
        if (price_raise_crazy_with(kernel->variant, price, percent, PRICE_DEFAULT_ROUNDS, NULL,
                                   &kernel->result))
            return failure_set(failure, "the kernel %s cannot raise %g", kernel->variant->name, price);
    sample->wall_ns = clock_ns() - start;
    return 0;
}

static int take_bare(void *context, int64_t loops, Sample *sample, Failure *failure)
{
    const Kernel *kernel = context;
    double raised = price_raise(price, percent);
    (void)failure;
    int64_t start = clock_ns();
    for (int64_t i = 0; i < loops; i++)
        bare_loop_run(kernel->variant->lanes, raised + raised * raised, PRICE_DEFAULT_ROUNDS);
    sample->wall_ns = clock_ns() - start;
    return 0;
}

/* Every variant has to give the bits of the baseline, which is the last. */
static int compare_results(Bench *bench, const Kernel *kernels, size_t count, Failure *failure)
{
    for (size_t i = 0; i < count; i++)
        if (kernels[i].result != kernels[count - 1].result) {
            bench->wrong = true;
            return failure_set(failure, "the kernel %s gives %.17g, %s gives %.17g", kernels[i].variant->name,
                               kernels[i].result, kernels[count - 1].variant->name,
                               kernels[count - 1].result);
        }
    return 0;
}

int work_kernel(Bench *bench, Failure *failure)
{
    enum { VARIANTS_MAX = MEASURED_MAX / 2 };
    static const Effort effort = {.rounds = 101, .quick_rounds = 31, .sample_seconds = 0.002};
    size_t available, count = 0;
    const PriceVariant *variants = price_variants(&available);
    Kernel kernels[VARIANTS_MAX];
    Subject subjects[MEASURED_MAX];
    for (size_t i = 0; i < available && count < VARIANTS_MAX; i++) {
        if (!variants[i].supported())
            continue;
        kernels[count] = (Kernel){.variant = &variants[i]};
        subjects[2 * count].sampled = (SamplingSubject){take_kernel, &kernels[count]};
        subjects[2 * count + 1].sampled = (SamplingSubject){take_bare, &kernels[count]};
        snprintf(subjects[2 * count].label, LABEL_SIZE, "%s", variants[i].name);
        snprintf(subjects[2 * count + 1].label, LABEL_SIZE, "%s, bare loop", variants[i].name);
        count++;
    }
    Measurement measurement;
    if (measurement_take(bench, subjects, 2 * count, &effort, &measurement, failure))
        return -1;
    int result = compare_results(bench, kernels, count, failure);
    for (size_t i = 0; i < count && result == 0; i++) {
        char what[128];
        snprintf(what, sizeof what, "crazy kernel %s over a bare loop of square roots, %d doubles wide",
                 kernels[i].variant->name, kernels[i].variant->lanes);
        /* The bar is for the one that is used; the others are for information. */
        Bar bar = {.kind = i == 0 ? BAR_AT_MOST : BAR_NONE, .limit = 1.10};
        result = report_result(bench, what, measurement_ratio(&measurement, 2 * i, 2 * i + 1), UNIT_TIMES,
                               bar, NULL, failure);
    }
    measurement_free(&measurement);
    return result;
}
