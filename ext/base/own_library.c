#include "ext/base/own_library.h"

#include <dlfcn.h>
#include <link.h>
#include <stddef.h>

bool own_library_hold(void **held)
{
    static const char here;
    Dl_info info;
    struct link_map *map = NULL;
    *held = NULL;
    /* The linker knows the program itself by an empty name. */
    if (!dladdr1(&here, &info, (void **)&map, RTLD_DL_LINKMAP) || !map || !*map->l_name)
        return true;
    *held = dlopen(map->l_name, RTLD_LAZY | RTLD_NOLOAD);
    return *held != NULL;
}

void own_library_let_go(void *held)
{
    if (held)
        dlclose(held);
}
