// What VS Code's extension host has loaded before any extension: its own modules import these. `node --import` of it.
import 'node:crypto';
import 'node:fs';
import 'node:fs/promises';
import 'node:http';
import 'node:https';
import 'node:net';
import 'node:os';
import 'node:path';
import 'node:process';
import 'node:stream';
import 'node:url';
import 'node:util';
import 'node:zlib';
