import sys

import apsw

db = apsw.Connection("shop.db")
db.enableloadextension(True)
db.loadextension("build/ext/pricemap")
for name, sql in list(db.cursor().execute("SELECT name, sql FROM queries ORDER BY id")):
    if name == "killed":
        open("go").read()
    with open(name + ".rows", "w") as file:
        for row in db.cursor().execute(sql):
            print(row, file=file)

db.createscalarfunction("host_only", lambda value: value, 1)
assert db.cursor().execute("SELECT host_only(7)").fetchall() == [(7,)]
try:
    db.cursor().execute("SELECT value FROM parallel_map('goods', 'host_only(id)', 'processes', 2)").fetchall()
except apsw.Error as error:
    print(error, file=sys.stderr)

db.close()
open("closed", "w").close()
sys.stdin.read()
