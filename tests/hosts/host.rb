require 'sqlite3'

db = SQLite3::Database.new('shop.db')
db.enable_load_extension(true)
db.load_extension('build/ext/pricemap')
db.execute('SELECT name, sql FROM queries ORDER BY id').each do |name, sql|
  File.read('go') if name == 'killed'
  File.open("#{name}.rows", 'w') { |file| db.execute(sql) { |row| file.puts(row.inspect) } }
end

db.create_function('host_only', 1) { |function, value| function.result = value }
raise 'host_only' unless db.get_first_value('SELECT host_only(7)') == 7
begin
  db.execute("SELECT value FROM parallel_map('goods', 'host_only(id)', 'processes', 2)")
rescue SQLite3::Exception => error
  warn error.message
end

db.close
File.write('closed', '')
$stdin.read
