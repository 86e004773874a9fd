# R gives a column one type, that of its first value, so that the rows are compared as SQLite quotes them. R lets no host
# define functions.
suppressMessages(library(RSQLite))

db <- dbConnect(SQLite(), "shop.db", loadable.extensions = TRUE)
invisible(dbGetQuery(db, "SELECT load_extension('build/ext/pricemap')"))
queries <- dbGetQuery(db, "SELECT name, sql FROM queries ORDER BY id")
for (i in seq_len(nrow(queries))) {
    if (queries$name[i] == "killed") invisible(readLines("go"))
    result <- dbSendQuery(db, queries$sql[i])
    columns <- dbColumnInfo(result)$name
    dbClearResult(result)
    quoted <- paste0("quote(\"", gsub("\"", "\"\"", columns), "\")", collapse = " || ' ' || ")
    sql <- if (length(columns) > 1) paste0("SELECT ", quoted, " AS row FROM (", queries$sql[i], ")") else queries$sql[i]
    writeLines(as.character(dbGetQuery(db, sql)[[1]]), paste0(queries$name[i], ".rows"))
}

message <- tryCatch({
    dbGetQuery(db, "SELECT value FROM parallel_map('goods', 'host_only(id)', 'processes', 2)")
    "no error"
}, error = conditionMessage)
write(message, stderr())

dbDisconnect(db)
invisible(file.create("closed"))
invisible(readLines(file("stdin")))
