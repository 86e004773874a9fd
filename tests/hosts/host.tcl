package require sqlite3

sqlite3 db shop.db
db enable_load_extension 1
db eval {SELECT load_extension('build/ext/pricemap')}
foreach {name sql} [db eval {SELECT name, sql FROM queries ORDER BY id}] {
    if {$name eq "killed"} {
        close [open go]
    }
    set file [open $name.rows w]
    db eval $sql row {
        set values {}
        foreach column $row(*) {
            lappend values $row($column)
        }
        # A NUL and the bytes of a blob, in signs that a text file may have.
        puts $file [string map {\0 \\0 \n \\n} $values]
    }
    close $file
}

db function host_only {lindex}
if {[db onecolumn {SELECT host_only(7)}] != 7} {
    exit 1
}
catch {db eval {SELECT value FROM parallel_map('goods', 'host_only(id)', 'processes', 2)}} message
puts stderr $message

db close
close [open closed w]
read stdin
