#!/bin/bash
# Runs real command-line programs with their verbosity up and keeps what they log: one file per source in OUT.
# Needs: dpkg, apt, cargo, npm, node, a Python with venv, a JDK with Maven, go, git, wget, systemd's tools; the package registries.
# MANIFEST is a Cargo project to resolve; BUILD_LOGS (optional) are logs of software builds that the machine happens to hold.
set -u
OUT=${1:?folder for the lines}
MANIFEST=${2:?a Cargo.toml}
BUILD_LOGS=${BUILD_LOGS:-}
WORK=$(mktemp -d)
mkdir -p "$OUT"
WEB=0
finish() { if [ "$WEB" != 0 ]; then kill -TERM "$WEB" 2>/dev/null; fi; rm -rf "$WORK"; }
trap finish EXIT

# --- what the machine already wrote
cat /var/log/dpkg.log /var/log/alternatives.log >"$OUT/dpkg.log"
cat /var/log/apt/term.log /var/log/apt/history.log >"$OUT/apt-term.log"
dmesg >"$OUT/kernel.log"
if [ -n "$BUILD_LOGS" ]; then cat $BUILD_LOGS >"$OUT/c-builds.log"; fi
journalctl --no-pager -o cat >"$OUT/journal.log" 2>/dev/null

# --- apt's resolver, systemd's loader, git, wget
for wish in postfix samba gnome-core kubernetes-client; do
    timeout 60 apt-get -s -o Debug::pkgDepCache::Marker=1 -o Debug::pkgDepCache::AutoInstall=1 -o Debug::pkgProblemResolver=1 install "$wish"
done >"$OUT/apt-resolver.log" 2>&1
for unit in /lib/systemd/system/*.service; do SYSTEMD_LOG_LEVEL=debug timeout 5 systemd-analyze --man=no verify "$unit"; done >"$OUT/systemd.log" 2>&1
(cd "$WORK" && git init -q repo && cd repo && cp -r /usr/share/doc/git /usr/share/doc/bash . 2>/dev/null
    for i in $(seq 40); do GIT_TRACE=1 GIT_TRACE_SETUP=1 GIT_TRACE_PERFORMANCE=1 git add -A; echo "$i" >"file$i"; GIT_TRACE=1 GIT_TRACE_SETUP=1 GIT_TRACE_PERFORMANCE=1 git -c user.name=n -c user.email=e@x commit -qm "change $i"; done; GIT_TRACE=1 GIT_TRACE_PACK_ACCESS=1 GIT_TRACE_SETUP=1 git gc) >"$OUT/git.log" 2>&1

# --- Python: pip, a crawler, an ORM, Ansible; the interpreter's own import log; the static file server they crawl
(cd /usr/share && exec timeout 400 python3 -u -m http.server --bind 127.0.0.1 28808) >"$OUT/python-http.log" 2>&1 & WEB=$!
python3 -m venv "$WORK/venv"
timeout 300 "$WORK/venv/bin/pip" -vvv install scrapy sqlalchemy ansible-core django >"$OUT/pip.log" 2>&1
cat >"$WORK/crawl.py" <<'P'
import os, scrapy
from urllib.parse import urlparse
class Docs(scrapy.Spider):
    name = "docs"
    start_urls = ["http://127.0.0.1:28808/doc/%s/" % d for d in sorted(os.listdir("/usr/share/doc"))[:150]]
    def parse(self, response):
        self.logger.info("parsed %s: %d bytes, title %r", response.url, len(response.body), response.headers.get("Content-Type"))
        yield {"url": response.url, "server": response.headers.get("Server")}
        if hasattr(response, "xpath") and b"html" in (response.headers.get("Content-Type") or b""):
            for link in response.xpath("//a/@href").getall()[:30]:
                if not urlparse(link).netloc: yield response.follow(link, self.parse)
P
timeout 150 "$WORK/venv/bin/scrapy" runspider "$WORK/crawl.py" >"$OUT/scrapy.log" 2>&1
cat >"$WORK/orm.py" <<'P'
import asyncio, logging, os, random, time
from sqlalchemy import create_engine, Column, Integer, String, DateTime, ForeignKey, func, select
from sqlalchemy.orm import declarative_base, relationship, Session
logging.basicConfig(level=logging.DEBUG, format="%(asctime)s %(levelname)s %(name)s %(message)s")
logging.getLogger("sqlalchemy").setLevel(logging.DEBUG)
Base = declarative_base()
class Package(Base):
    __tablename__ = "package"
    id = Column(Integer, primary_key=True); name = Column(String); at = Column(DateTime, default=func.now())
    files = relationship("File", back_populates="package")
class File(Base):
    __tablename__ = "file"
    id = Column(Integer, primary_key=True); path = Column(String); package_id = Column(ForeignKey("package.id")); package = relationship("Package", back_populates="files")
engine = create_engine("sqlite://", echo_pool="debug"); Base.metadata.create_all(engine)
end = time.time() + 40
names = os.listdir("/usr/share/doc"); random.shuffle(names)
for name in names:
    if time.time() > end: break
    with Session(engine) as s:
        s.add(Package(name=name, files=[File(path=os.path.join("/usr/share/doc", name, f)) for f in (os.listdir("/usr/share/doc/" + name) if os.path.isdir("/usr/share/doc/" + name) else [])[:5]])); s.commit()
        s.execute(select(Package).where(Package.name == name)).scalars().first().files
        try: s.execute(select(Package).where(Package.name == 1).order_by("nope")).all()
        except Exception: logging.getLogger("app").exception("query failed for %s", name)
async def main():
    asyncio.get_running_loop().set_debug(True); await asyncio.gather(*[asyncio.sleep(random.random() / 10) for _ in range(50)]); time.sleep(0.2)
asyncio.run(main())
P
timeout 60 "$WORK/venv/bin/python" "$WORK/orm.py" >"$OUT/sqlalchemy.log" 2>&1
for i in 1 2 3; do timeout 60 "$WORK/venv/bin/ansible" -vvvv localhost -m setup; timeout 30 "$WORK/venv/bin/ansible" -vvvv localhost -m copy -a "src=/etc/hosts dest=$WORK/hosts$i"; done >"$OUT/ansible.log" 2>&1
(cd "$WORK" && timeout 60 venv/bin/python -v -c 'import django, scrapy, sqlalchemy, asyncio, email, http.server, xml.dom.minidom') >"$OUT/python-imports.log" 2>&1
for d in $(ls /usr/share/doc | shuf -n 25 --random-source=/usr/bin/python3.11); do timeout 8 wget -d -r -l 2 -np -e robots=off --delete-after -P "$WORK/w$d" "http://127.0.0.1:28808/doc/$d/"; done >"$OUT/wget-debug.log" 2>&1

# --- JVM: Maven with -X, the virtual machine's own unified log, the compiler
mkdir -p "$WORK/mvn/src/main/java/app" "$WORK/mvn/src/test/java/app"
cat >"$WORK/mvn/pom.xml" <<'P'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>app</groupId><artifactId>app</artifactId><version>1</version>
<properties><maven.compiler.source>17</maven.compiler.source><maven.compiler.target>17</maven.compiler.target></properties>
<dependencies><dependency><groupId>ch.qos.logback</groupId><artifactId>logback-classic</artifactId><version>1.4.14</version></dependency>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-clients</artifactId><version>3.6.1</version></dependency>
<dependency><groupId>io.netty</groupId><artifactId>netty-all</artifactId><version>4.1.107.Final</version></dependency>
<dependency><groupId>junit</groupId><artifactId>junit</artifactId><version>4.13.2</version><scope>test</scope></dependency></dependencies></project>
P
cat >"$WORK/mvn/src/main/java/app/App.java" <<'P'
package app;
import java.util.*;
import org.apache.kafka.clients.producer.*;
public class App {
    public static void main(String[] a) throws Exception {
        long end = System.currentTimeMillis() + 20_000;
        Properties p = new Properties();
        p.put("bootstrap.servers", "127.0.0.1:39992,127.0.0.1:39993");
        p.put("key.serializer", "org.apache.kafka.common.serialization.StringSerializer");
        p.put("value.serializer", "org.apache.kafka.common.serialization.StringSerializer");
        p.put("max.block.ms", "1500");
        io.netty.bootstrap.ServerBootstrap b = new io.netty.bootstrap.ServerBootstrap();
        io.netty.channel.nio.NioEventLoopGroup g = new io.netty.channel.nio.NioEventLoopGroup(2);
        b.group(g).channel(io.netty.channel.socket.nio.NioServerSocketChannel.class).childHandler(new io.netty.handler.logging.LoggingHandler());
        io.netty.channel.Channel c = b.bind("127.0.0.1", 0).sync().channel();
        int port = ((java.net.InetSocketAddress) c.localAddress()).getPort();
        List<byte[]> keep = new ArrayList<>(); Random random = new Random(1);
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(p)) {
            while (System.currentTimeMillis() < end) {
                try (java.net.Socket s = new java.net.Socket("127.0.0.1", port)) { s.getOutputStream().write(("hello " + random.nextInt()).getBytes()); }
                for (int i = 0; i < 4000; i++) { keep.add(new byte[1000 + random.nextInt(4000)]); if (keep.size() > 9000) keep.subList(0, 3000).clear(); }
                if (random.nextInt(40) == 0) { try { producer.send(new ProducerRecord<>("topic" + random.nextInt(9), "x")).get(); } catch (Exception e) { org.slf4j.LoggerFactory.getLogger(App.class).warn("send failed", e); } }
            }
        }
        g.shutdownGracefully().sync();
    }
}
P
(cd "$WORK/mvn" && timeout 240 mvn -X -B -ntp package dependency:build-classpath -Dmdep.outputFile=cp.txt) >"$OUT/maven.log" 2>&1
timeout 40 java -Xmx96m "-Xlog:gc*=debug,safepoint=info:file=$OUT/jvm-gc.log:uptime,level,tags" -cp "$WORK/mvn/target/classes:$(cat "$WORK/mvn/cp.txt" 2>/dev/null)" app.App >"$OUT/jvm-app.log" 2>&1
timeout 20 java -Xshare:off "-Xlog:all=debug:file=$OUT/jvm-all.log:uptime,level,tags:filesize=20M,filecount=0" -version >/dev/null 2>&1
javac -verbose -d "$WORK/classes" -cp "$(cat "$WORK/mvn/cp.txt" 2>/dev/null)" "$WORK/mvn/src/main/java/app/App.java" >"$OUT/javac.log" 2>&1

# --- cargo, npm, node, go
(cd "$(dirname "$MANIFEST")" && for level in trace debug; do CARGO_LOG=$level timeout 60 cargo tree --offline; done; CARGO_LOG=debug timeout 60 cargo metadata --offline) 2>&1 >/dev/null | cut -c1-20000 | head -400000 >"$OUT/cargo-trace.log"
(cd "$WORK" && cargo init -q --name tiny tiny && cd tiny && printf 'serde = { version = "1", features = ["derive"] }\nregex = "1"\n' >>Cargo.toml && timeout 240 cargo build -vv) >"$OUT/cargo-build.log" 2>&1
mkdir "$WORK/npm" && (cd "$WORK/npm" && timeout 200 npm install --loglevel silly --no-audit --no-fund express webpack typescript fastify) >"$OUT/npm.log" 2>&1
cat ~/.npm/_logs/*.log >"$OUT/npm-logs.log" 2>/dev/null
cat >"$WORK/npm/serve.js" <<'P'
const http = require('http'), express = require('express'), app = express();
app.get('/a/:id', (q, s) => s.json({ id: q.params.id })); app.get('/fail', () => { throw new Error('broken on purpose'); });
const server = app.listen(0, '127.0.0.1', async () => {
    const port = server.address().port, end = Date.now() + 15000, agent = new http.Agent({ keepAlive: true });
    for (let i = 0; Date.now() < end && i < 1500; i++) await new Promise(done => http.get({ port, host: '127.0.0.1', agent, path: i % 9 ? '/a/' + i : i % 2 ? '/fail' : '/missing' + i }, r => { r.resume(); r.on('end', done); }).on('error', done));
    process.exit(0);
});
P
(cd "$WORK/npm" && DEBUG='*' NODE_DEBUG=http,net,module,timer timeout 30 node serve.js) 2>"$OUT/node-debug.log" >/dev/null
mkdir "$WORK/go" && (cd "$WORK/go" && printf 'module m\n\ngo 1.20\n' >go.mod && printf 'package main\nimport ("fmt";"net/http")\nfunc main(){ fmt.Println(http.StatusText(200)) }\n' >main.go && GOTOOLCHAIN=local GODEBUG=gctrace=1 GOCACHE="$WORK/gocache" timeout 120 go build -x .) >"$OUT/go-build.log" 2>&1
find "$OUT" -name '*.log' -empty -delete
wc -lc "$OUT"/*.log
