package require sqlite3
