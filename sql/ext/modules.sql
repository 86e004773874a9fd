-- The modules of a connection: name.
PRAGMA module_list
