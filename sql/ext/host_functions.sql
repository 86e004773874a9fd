-- A function of this name that the connection was given by a program or an extension; ?1 is the name.
SELECT 1 FROM pragma_function_list WHERE name = lower(?1) AND NOT builtin LIMIT 1
