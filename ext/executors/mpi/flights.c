#include "ext/executors/mpi/flights.h"

#include <stdlib.h>

static Flight *add_place(Flights *flights)
{
    Flight *place = calloc(1, sizeof *place);
    Flight **grown = realloc(flights->places, (flights->count + 1) * sizeof *grown);
    if (grown)
        flights->places = grown;
    if (!grown || !place) {
        free(place);
        return NULL;
    }
    grown[flights->count++] = place;
    return place;
}

Flight *flights_begin(Flights *flights, Task *task, int rank)
{
    uint32_t index = 0;
    while (index < flights->count && flights->places[index]->id)
        index++;
    Flight *flight = index < flights->count ? flights->places[index] : add_place(flights);
    if (flight)
        *flight = (Flight){.task = task, .rank = rank, .id = ++flights->begun << 32 | index};
    return flight;
}

Flight *flights_find(const Flights *flights, uint64_t id)
{
    uint32_t index = (uint32_t)id;
    Flight *flight = index < flights->count ? flights->places[index] : NULL;
    return flight && flight->id == id ? flight : NULL;
}

void flights_finish(Flight *flight)
{
    free(flight->answer);
    *flight = (Flight){.id = 0};
}

void flights_free(Flights *flights)
{
    for (uint32_t i = 0; i < flights->count; i++) {
        free(flights->places[i]->answer);
        free(flights->places[i]);
    }
    free(flights->places);
    *flights = (Flights){.count = 0};
}
