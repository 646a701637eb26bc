/** Traces in the form in which the runtimes print them, and lines that only look like one. */

/** `language path:line[:column]` of each frame, in order. */
export interface Shape {
  readonly name: string;
  readonly text: string;
  readonly frames: readonly string[];
}

const of = (name: string, text: string, ...frames: readonly string[]): Shape => ({ name, text, frames });

export const CORPUS: readonly Shape[] = [
  of('Node: a function, a method, an anonymous function', `TypeError: Cannot read properties of undefined (reading 'id')
    at findPrescription (/app/src/routes/prescriptions.js:20:31)
    at Router.handle (/app/src/router.js:117:9)
    at /app/src/server.js:44:5
    at Object.<anonymous> (/app/src/server.js:60:1)`, 'node /app/src/routes/prescriptions.js:20:31', 'node /app/src/router.js:117:9', 'node /app/src/server.js:44:5', 'node /app/src/server.js:60:1'),
  of('Node: async, new, as', `    at async withClient (/app/src/db/pool.js:16:18)
    at async /app/src/routes/prescriptions.js:33:20
    at new Pool (/app/src/db/pool.js:4:11)
    at Function.executeUserEntryPoint [as runMain] (/app/src/run.js:81:12)
    at async Promise.all (index 0)`, 'node /app/src/db/pool.js:16:18', 'node /app/src/routes/prescriptions.js:33:20', 'node /app/src/db/pool.js:4:11', 'node /app/src/run.js:81:12'),
  of('Node: internals', `    at process.processTicksAndRejections (node:internal/process/task_queues:105:5)
    at node:internal/main/run_main_module:28:49
    at Array.map (<anonymous>)
    at Module._compile (internal/modules/cjs/loader:1085:14)`),
  of('Node: modules by URL', '    at file:///srv/app/dist/main.mjs:3:7\n    at main (file:///srv/app/My%20App/index.mjs:12:3)', 'node /srv/app/dist/main.mjs:3:7', 'node /srv/app/My App/index.mjs:12:3'),
  of('Node on Windows', String.raw`    at Object.<anonymous> (C:\Users\dev\new app\src\index.js:10:7)
    at file:///C:/Users/dev/app/x.mjs:1:2
    at D:\repo\app\lib\a.js:5:1`, 'node C:/Users/dev/new app/src/index.js:10:7', 'node C:/Users/dev/app/x.mjs:1:2', 'node D:/repo/app/lib/a.js:5:1'),
  of('Node: eval names the file that called it', '    at eval (eval at render (/app/src/template.js:8:3), <anonymous>:1:7)', 'node /app/src/template.js:8:3'),
  of('Node: an error with properties ends in a brace', '    at connect (/app/src/db.js:9:2) {\n  errno: -111,\n  port: 5432\n}', 'node /app/src/db.js:9:2'),
  of('Node: a cause', '    at a (/app/a.js:1:2)\n  [cause]: Error: inner\n      at b (/app/b.js:3:4)', 'node /app/a.js:1:2', 'node /app/b.js:3:4'),
  of('Node: where it could not be parsed', '/app/src/server.js:12\n  const = 3;\n        ^\n\nSyntaxError: Unexpected token', 'node /app/src/server.js:12'),
  of('Node: program without an ending', '    at Server.<anonymous> (/app/bin/www:27:10)', 'node /app/bin/www:27:10'),
  of('Node: TypeScript and JSX, folders with brackets', '    at Page (/app/src/app/(auth)/login/page.tsx:18:11)\n    at load (/app/src/load.mts:2:3)', 'node /app/src/app/(auth)/login/page.tsx:18:11', 'node /app/src/load.mts:2:3'),
  of('webpack', `    at handler (webpack:///./src/handler.js:10:5)
    at handler (webpack://my-app/./src/other.ts?a1b2:7:9)
    at Page (webpack-internal:///(rsc)/./src/app/page.tsx:4:2)
    at __webpack_require__ (webpack:///webpack/bootstrap:19:1)`, 'node src/handler.js:10:5', 'node src/other.ts:7:9', 'node src/app/page.tsx:4:2'),
  of('Node: relative to the bundle', '    at handler (dist/index.js:3:4)\n    at Object.run (./lib/run.cjs:5:6)', 'node dist/index.js:3:4', 'node lib/run.cjs:5:6'),
  of('Node in JSON', String.raw`{"level":"error","stack":"Error: no\n    at find (/app/src/a.js:1:2)\n    at async /app/src/b.js:3:4"}`, 'node /app/src/a.js:1:2', 'node /app/src/b.js:3:4'),
  of('Node on Lambda', '{"errorType":"Error","stack":["Error: no","    at Runtime.handler (/var/task/index.js:7:11)","at async /var/task/b.js:1:1"]}', 'node /var/task/index.js:7:11', 'node /var/task/b.js:1:1'),
  of('Node in JSON on Windows', String.raw`{"stack":"Error: no\r\n    at find (C:\\app\\new\\a.js:1:2)"}`, 'node C:/app/new/a.js:1:2'),
  of('Python: a traceback', `Traceback (most recent call last):
  File "/app/src/main.py", line 42, in <module>
    run()
  File "/app/src/jobs/nightly.py", line 7, in run
    raise ValueError("at 10:45")
ValueError: at 10:45`, 'python /app/src/main.py:42', 'python /app/src/jobs/nightly.py:7'),
  of('Python: chained', `  File "/app/db.py", line 3, in get
KeyError: 'x'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/app/api.py", line 9, in view
The above exception was the direct cause of the following exception:
  File "/app/top.py", line 1, in <lambda>`, 'python /app/db.py:3', 'python /app/api.py:9', 'python /app/top.py:1'),
  of('Python: no file', `  File "<string>", line 1, in <module>
  File "<stdin>", line 1
  File "<frozen importlib._bootstrap>", line 1030, in _gcd_import
  File "<attrs generated init Foo>", line 3, in __init__`),
  of('Python: syntax error', '  File "/app/src/views.py", line 12\n    def x(\n         ^\nSyntaxError: \'(\' was never closed', 'python /app/src/views.py:12'),
  of('Python: exception group', '  + Exception Group Traceback (most recent call last):\n  |   File "/app/group.py", line 5, in main\n    | File "/app/part.py", line 6, in part', 'python /app/group.py:5', 'python /app/part.py:6'),
  of('Python on Windows', String.raw`  File "C:\svc\new\app.py", line 3, in f`, 'python C:/svc/new/app.py:3'),
  of('Python in JSON', String.raw`{"stackTrace":["  File \"/var/task/handler.py\", line 10, in handler\n    raise X\n","  File \"/var/task/lib/db.py\", line 4, in get\n"]}`, 'python /var/task/handler.py:10', 'python /var/task/lib/db.py:4'),
  of('Java: methods, constructors, nested classes', `java.lang.IllegalStateException: no connection
\tat com.acme.db.Pool.take(Pool.java:42)
\tat com.acme.db.Pool.<init>(Pool.java:12)
\tat com.acme.api.Orders$Handler.handle(Orders.java:118)
\tat Main.main(Main.java:5)`, 'java com/acme/db/Pool.java:42', 'java com/acme/db/Pool.java:12', 'java com/acme/api/Orders.java:118', 'java Main.java:5'),
  of('Java: modules and loaders', `\tat java.base/java.lang.Thread.run(Thread.java:833)
\tat app//com.acme.Boot.run(Boot.java:9)
\tat java.base@17.0.1/java.util.ArrayList.forEach(ArrayList.java:1511)`, 'java java/lang/Thread.java:833', 'java com/acme/Boot.java:9', 'java java/util/ArrayList.java:1511'),
  of('Java: lambdas', `\tat com.acme.Orders.lambda$place$0(Orders.java:33)
\tat com.acme.Orders$$Lambda$14/0x0000000800c8.run(Unknown Source)`, 'java com/acme/Orders.java:33'),
  of('Java: no file or no line', `\tat java.base/jdk.internal.reflect.NativeMethodAccessorImpl.invoke0(Native Method)
\tat com.acme.Gen.call(Unknown Source)
\tat com.acme.Gen.call(Gen.java)
\tat jdk.proxy2/jdk.proxy2.$Proxy55.get(Unknown Source)`),
  of('Java: causes', 'Caused by: java.sql.SQLException: too many clients already\n\tat com.acme.db.Pool.open(Pool.java:88)\n\t... 12 more\n\tSuppressed: java.io.IOException: x\n\t\tat com.acme.io.Files.close(Files.java:3)', 'java com/acme/db/Pool.java:88', 'java com/acme/io/Files.java:3'),
  of('Java: with the archives', '\tat com.acme.web.Api.get(Api.java:21) ~[app.jar:2.14.1]\n\tat org.spring.Filter.doFilter(Filter.java:117) [spring-web-6.0.jar!/:6.0.2]', 'java com/acme/web/Api.java:21', 'java org/spring/Filter.java:117'),
  of('Kotlin and Scala', '\tat com.acme.MainKt.main(Main.kt:7)\n\tat com.acme.Jobs$run$1.invokeSuspend(Jobs.kt:15)\n\tat com.acme.App$.$anonfun$main$1(App.scala:12)', 'java com/acme/Main.kt:7', 'java com/acme/Jobs.kt:15', 'java com/acme/App.scala:12'),
  of('Java in JSON', String.raw`{"exception":"java.lang.X: no\n\tat com.acme.A.b(A.java:1)\r\n\tat com.acme.C.d(C.java:2)\n"}`, 'java com/acme/A.java:1', 'java com/acme/C.java:2'),
  of('Go: a panic', `panic: runtime error: index out of range [5] with length 3

goroutine 1 [running]:
main.process(0x1, {0xc000, 0x2})
\t/app/internal/jobs/process.go:42 +0x1d
main.main()
\t/app/main.go:11 +0x85
exit status 2`, 'go /app/internal/jobs/process.go:42', 'go /app/main.go:11'),
  of('Go: created by', 'created by net/http.(*Server).Serve in goroutine 18\n\t/usr/local/go/src/net/http/server.go:3086 +0x5cb', 'go /usr/local/go/src/net/http/server.go:3086'),
  of('Go: with trimmed paths', 'github.com/acme/shop/internal/db.Open(...)\n\tgithub.com/acme/shop/internal/db/open.go:17 +0x2a', 'go github.com/acme/shop/internal/db/open.go:17'),
  of('Go: of an error library', 'no rows\nmain.load\n\t/app/load.go:9\nruntime.main\n\t/usr/local/go/src/runtime/proc.go:250', 'go /app/load.go:9', 'go /usr/local/go/src/runtime/proc.go:250'),
  of('Go in JSON', String.raw`{"level":"error","stacktrace":"main.load\n\t/app/load.go:9\nmain.main\n\t/app/main.go:3"}`, 'go /app/load.go:9', 'go /app/main.go:3'),
  of('Go on Windows', '\tC:/Users/dev/app/main.go:12 +0x1d', 'go C:/Users/dev/app/main.go:12'),
  of('.NET: methods', `System.InvalidOperationException: no
   at Acme.Shop.Orders.Place(Order order, CancellationToken token) in /src/Shop/Orders.cs:line 42
   at Acme.Shop.Orders..ctor() in /src/Shop/Orders.cs:line 7
   at System.Threading.Tasks.Task.Wait()`, 'dotnet /src/Shop/Orders.cs:42', 'dotnet /src/Shop/Orders.cs:7'),
  of('.NET: async, lambdas, local functions', `   at Acme.Shop.Orders.<PlaceAsync>d__3.MoveNext() in /src/Shop/Orders.cs:line 51
--- End of stack trace from previous location ---
   at Acme.Shop.Program.<>c.<Main>b__0_0(HttpContext c) in /src/Shop/Program.cs:line 12
   at Acme.Shop.Program.<Main>g__Run|0_1(Int32 n) in /src/Shop/Program.cs:line 20`, 'dotnet /src/Shop/Orders.cs:51', 'dotnet /src/Shop/Program.cs:12', 'dotnet /src/Shop/Program.cs:20'),
  of('.NET on Windows', String.raw`   at Acme.Shop.Orders.Place(Order order) in C:\agents\_work\1\s\Shop\Orders.cs:line 42`, 'dotnet C:/agents/_work/1/s/Shop/Orders.cs:42'),
  of('.NET: the cause', ' ---> System.TimeoutException: late\n   at Acme.Db.Get[T](String sql) in /src/Db/Db.fs:line 3\n   --- End of inner exception stack trace ---', 'dotnet /src/Db/Db.fs:3'),
  of('.NET in JSON', String.raw`{"Exception":"System.X: no\r\n   at A.B.C(D e) in C:\\src\\new\\C.cs:line 3\r\n   at E.F.G()"}`, 'dotnet C:/src/new/C.cs:3'),
  of('a trace line that came alone', '2026-11-23T03:07:12.345Z [1f3a9c2e]     at find (/app/src/a.js:1:2)', 'node /app/src/a.js:1:2'),
  of('not a frame: URLs with ports', `connect to http://host:8080:1 failed
   at load (http://localhost:3000/static/js/main.js:1:234)
GET https://api.acme.test:8443/v1/app.js:10:5 at /health
   at https://cdn.test/app.js:3:9`),
  of('not a frame: times', 'started at 12:30:45\nat 10:45 the job ended\nnext run at 2026-11-23 12:30:45:12\nat /10:45:12'),
  of('not a frame: addresses', 'listening at 10.0.3.7:8080:1\nconnect ECONNREFUSED 10.0.12.7:5432\n  at [::1]:8080:1 refused\nat fe80::1:2:3'),
  of('not a frame: versions, ratios and images', 'healthflow-backend:2.14.1:7\nat ratio 16:9:4\nimage at registry:5000/app:1:2'),
  of('not a frame: prefixes of log lines', `2026/11/23 10:00:00 main.go:42: no rows
2026-11-23T10:00:00Z\tINFO\tapp/main.go:42\tstarted
INFO:app.py:12:started
[main.py:42] ready
source=/app/main.go:42 msg=ready`),
  of('not a frame: words about files', `see /app/src/pool.js:10:5 for more
File "report.csv", line 12 is malformed
error in /src/Shop/Orders.cs:line 42
the value (/app/src/pool.js:10:5) is wrong
at com.acme.Pool (Pool.java:42)
look at Pool.java:42`),
];
