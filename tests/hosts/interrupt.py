# Interrupts maps by each executor, from another thread. The code is told: the text depends on how far the map was.
import sqlite3
import threading

db = sqlite3.connect("shop.db", check_same_thread=False)
db.enable_load_extension(True)
db.load_extension("build/ext/pricemap")
# Before the first map SQLite declares its table, and takes an interrupt in that for any other error.
db.execute("SELECT count(*) FROM parallel_map('prices', 'p')").fetchall()


def interrupt(ended):
    while not ended.wait(0.02):
        db.interrupt()


for executor in "threads", "processes", "auto":
    ended = threading.Event()
    interrupter = threading.Thread(target=interrupt, args=(ended,))
    interrupter.start()
    try:
        db.execute("SELECT sum(value) FROM parallel_map('prices', 'increase_price_crazy(p, 10, 1000000000)', ?, 2)",
                   (executor,)).fetchall()
        print(executor, "came to its end")
    except sqlite3.Error as error:
        print(executor, error.sqlite_errorname)
    ended.set()
    interrupter.join()
db.close()
