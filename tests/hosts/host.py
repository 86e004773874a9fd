import sqlite3
import sys

db = sqlite3.connect("shop.db")
db.enable_load_extension(True)
db.load_extension("build/ext/pricemap")
for name, sql in db.execute("SELECT name, sql FROM queries ORDER BY id").fetchall():
    if name == "killed":
        open("go").read()
    with open(name + ".rows", "w") as file:
        for row in db.execute(sql):
            print(row, file=file)

db.create_function("host_only", 1, lambda value: value)
assert db.execute("SELECT host_only(7)").fetchone() == (7,)
try:
    db.execute("SELECT value FROM parallel_map('goods', 'host_only(id)', 'processes', 2)").fetchall()
except sqlite3.Error as error:
    print(error, file=sys.stderr)

db.close()
open("closed", "w").close()
sys.stdin.read()
