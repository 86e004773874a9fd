-- The functions of a connection: name, whether it is SQLite's own, and more columns that are not read by name.
PRAGMA function_list
