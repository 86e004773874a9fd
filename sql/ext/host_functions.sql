-- The functions of a connection: name, whether it is SQLite's own, and more that is not asked for.
PRAGMA function_list
