#!/bin/bash
# Runs real servers on loopback under load, with their log levels up, and keeps what they log: one file per source in OUT.
# Needs (Debian 12): redis-server rabbitmq-server nginx prometheus prometheus-node-exporter etcd-server etcd-client haproxy squid
# bind9 bind9-dnsutils zookeeper mosquitto mosquitto-clients slapd ldap-utils postgresql postgresql-contrib curl wget.
# Every server is ended by its process id after SECONDS_EACH.
set -u
OUT=${1:?folder for the lines}
SECONDS_EACH=${2:-240}
WORK=$(mktemp -d)
chmod 755 "$WORK"
mkdir -p "$OUT"
declare -a STARTED=()
start() { # NAME LOG COMMAND...
    local name=$1 log=$2; shift 2
    ("$@" >>"$log" 2>&1) & STARTED+=("$!")
    echo "started $name as $!" >&2
}
stop_all() {
    for parent in "${STARTED[@]}"; do
        for child in $(pgrep -P "$parent"); do kill -TERM "$child" 2>/dev/null; done
        kill -TERM "$parent" 2>/dev/null
    done
}
trap stop_all EXIT
bounded() { timeout "$SECONDS_EACH" "$@"; }

# --- Redis: debug log, a replica that comes and goes, clients without keep-alive
start redis "$OUT/redis.log" redis-server --port 39379 --bind 127.0.0.1 --loglevel debug --dir "$WORK" --save 5 100 --appendonly yes --maxclients 200
mkdir "$WORK/replica"
start redis-replica "$OUT/redis.log" redis-server --port 39380 --bind 127.0.0.1 --loglevel debug --dir "$WORK/replica" --replicaof 127.0.0.1 39379 --dbfilename replica.rdb

# --- PostgreSQL: every statement, its plan and the debug messages
PG=/usr/lib/postgresql/15/bin
mkdir "$WORK/pg"; chown postgres "$WORK/pg"
su postgres -s /bin/bash -c "$PG/initdb -D $WORK/pg/data -A trust" >/dev/null
cat >>"$WORK/pg/data/postgresql.conf" <<C
port = 39432
listen_addresses = '127.0.0.1'
unix_socket_directories = '$WORK/pg'
log_min_messages = debug2
log_statement = all
log_duration = on
log_connections = on
log_disconnections = on
log_checkpoints = on
log_lock_waits = on
log_autovacuum_min_duration = 0
autovacuum_naptime = 5
log_line_prefix = '%m [%p] %q%u@%d '
shared_preload_libraries = 'auto_explain'
auto_explain.log_min_duration = '2ms'
C
start postgres "$OUT/postgresql.log" su postgres -s /bin/bash -c "exec $PG/postgres -D $WORK/pg/data"

# --- nginx: debug error log, combined and JSON access logs, the machine's own documentation as content
cat >"$WORK/nginx.conf" <<C
daemon off; master_process on; worker_processes 1; pid $WORK/nginx.pid; user root;
error_log $OUT/nginx-error.log info;
events { worker_connections 512; }
http {
  include /etc/nginx/mime.types;
  log_format json escape=json '{"time":"\$time_iso8601","remote":"\$remote_addr","method":"\$request_method","uri":"\$request_uri","status":\$status,"bytes":\$body_bytes_sent,"seconds":\$request_time,"referer":"\$http_referer","agent":"\$http_user_agent","type":"\$sent_http_content_type"}';
  access_log $OUT/nginx-access.log combined;
  access_log $OUT/nginx-access-json.log json;
  client_body_temp_path $WORK; proxy_temp_path $WORK; fastcgi_temp_path $WORK; uwsgi_temp_path $WORK; scgi_temp_path $WORK;
  server { listen 127.0.0.1:39080; root /usr/share; autoindex on; location /down { proxy_pass http://127.0.0.1:1; } }
  server { listen 127.0.0.1:39081; root /usr/share; autoindex on; error_log $OUT/nginx-debug.log debug; access_log off; }
}
C
start nginx "$OUT/nginx-console.log" nginx -c "$WORK/nginx.conf"

# --- HAProxy in front of nginx, its log on standard output
cat >"$WORK/haproxy.cfg" <<C
global
  log stdout format raw local0 debug
  maxconn 400
defaults
  mode http
  log global
  option httplog
  timeout connect 2s
  timeout client 5s
  timeout server 5s
frontend web
  bind 127.0.0.1:39082
  default_backend docs
backend docs
  balance roundrobin
  server one 127.0.0.1:39080 check inter 2s
  server gone 127.0.0.1:39099 check inter 2s
C
start haproxy "$OUT/haproxy.log" haproxy -f "$WORK/haproxy.cfg" -db

# --- Squid as a forward proxy to nginx, cache.log with details
mkdir "$WORK/squid"; chown proxy "$WORK/squid" 2>/dev/null
cat >"$WORK/squid.conf" <<C
http_port 127.0.0.1:39128
http_access allow localhost
http_access deny all
access_log stdio:$WORK/squid/access.log combined
cache_log $WORK/squid/cache.log
debug_options ALL,2
pid_filename $WORK/squid/squid.pid
coredump_dir $WORK/squid
C
start squid "$WORK/squid/console.log" squid -N -f "$WORK/squid.conf"

# --- Prometheus and its exporter: logfmt at debug level
cat >"$WORK/prometheus.yml" <<C
global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [ $WORK/rules.yml ]
scrape_configs:
- job_name: self
  static_configs: [ { targets: ['127.0.0.1:39090', '127.0.0.1:39100', '127.0.0.1:39099', '127.0.0.1:39081', '127.0.0.1:39079'] } ]
- job_name: sd
  file_sd_configs: [ { files: ['$WORK/sd-*.json'], refresh_interval: 2s } ]
C
cat >"$WORK/rules.yml" <<C
groups:
- name: many
  rules:
  - { record: job:up:sum, expr: sum by (job) (up) }
  - { alert: Down, expr: up == 0, for: 3s }
  - { record: broken, expr: 'label_replace(up, "instance", "x", "", "") ' }
C
start prometheus "$OUT/prometheus.log" prometheus --config.file="$WORK/prometheus.yml" --storage.tsdb.path="$WORK/tsdb" --web.listen-address=127.0.0.1:39090 --log.level=debug --web.enable-lifecycle --storage.tsdb.min-block-duration=10s --storage.tsdb.max-block-duration=30s
start node-exporter "$OUT/node-exporter.log" prometheus-node-exporter --web.listen-address=127.0.0.1:39100 --log.level=debug

# --- etcd: JSON by zap at debug level, and its own older text form
start etcd "$OUT/etcd-json.log" etcd --name one --data-dir "$WORK/etcd1" --logger=zap --log-level debug --listen-client-urls http://127.0.0.1:39279 --advertise-client-urls http://127.0.0.1:39279 --listen-peer-urls http://127.0.0.1:39280 --initial-advertise-peer-urls http://127.0.0.1:39280 --initial-cluster one=http://127.0.0.1:39280 --snapshot-count 500
start etcd-text "$OUT/etcd-text.log" etcd --name two --data-dir "$WORK/etcd2" --debug --listen-client-urls http://127.0.0.1:39281 --advertise-client-urls http://127.0.0.1:39281 --listen-peer-urls http://127.0.0.1:39282 --initial-advertise-peer-urls http://127.0.0.1:39282 --initial-cluster two=http://127.0.0.1:39282 --snapshot-count 500

# --- BIND: query log
mkdir "$WORK/bind"
cat >"$WORK/named.conf" <<C
options { directory "$WORK/bind"; listen-on port 39053 { 127.0.0.1; }; listen-on-v6 { none; }; pid-file "$WORK/bind/pid"; session-keyfile "$WORK/bind/key"; recursion yes; querylog yes; forwarders { 127.0.0.1 port 39054; }; forward only; dnssec-validation no; };
controls { };
zone "example.test" { type primary; file "$WORK/bind/zone"; };
C
printf '$TTL 60\n@ SOA ns root 1 60 60 60 60\n@ NS ns\nns A 127.0.0.1\nwww A 127.0.0.1\n* TXT "any"\n' >"$WORK/bind/zone"
start bind "$OUT/bind.log" named -g -d 3 -c "$WORK/named.conf"

# --- Mosquitto and OpenLDAP
printf 'listener 39183 127.0.0.1\nallow_anonymous true\nlog_type all\nlog_dest stdout\n' >"$WORK/mosquitto.conf"
start mosquitto "$OUT/mosquitto.log" mosquitto -c "$WORK/mosquitto.conf" -v
mkdir "$WORK/ldap"
cat >"$WORK/slapd.conf" <<C
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile $WORK/ldap/pid
database mdb
suffix "dc=example,dc=test"
rootdn "cn=admin,dc=example,dc=test"
rootpw secret
directory $WORK/ldap
C
start slapd "$OUT/slapd.log" slapd -d stats,trace -h ldap://127.0.0.1:39389 -f "$WORK/slapd.conf"

# --- ZooKeeper (JVM, log4j at debug)
mkdir -p "$WORK/zk/data"
cat >"$WORK/zk/zoo.cfg" <<C
tickTime=500
dataDir=$WORK/zk/data
clientPort=39181
clientPortAddress=127.0.0.1
admin.enableServer=false
4lw.commands.whitelist=*
C
cat >"$WORK/zk/log4j.properties" <<C
log4j.rootLogger=DEBUG, C
log4j.appender.C=org.apache.log4j.ConsoleAppender
log4j.appender.C.layout=org.apache.log4j.PatternLayout
log4j.appender.C.layout.ConversionPattern=%d{ISO8601} [myid:%X{myid}] - %-5p [%t:%C{1}@%L] - %m%n
C
ZK_JARS=$(find /usr/share/java -name '*.jar' ! -name 'slf4j-nop*' ! -name 'slf4j-simple*' ! -name 'slf4j-jdk*' ! -name 'log4j-over*' | tr '\n' ':')
start zookeeper "$OUT/zookeeper.log" java -Xmx256m -Dlog4j.configuration=file:"$WORK/zk/log4j.properties" -cp "$ZK_JARS" org.apache.zookeeper.server.quorum.QuorumPeerMain "$WORK/zk/zoo.cfg"

# --- RabbitMQ at debug level
mkdir -p "$WORK/rabbit"
cat >"$WORK/rabbit/rabbitmq.conf" <<C
listeners.tcp.1 = 127.0.0.1:39672
log.console = true
log.console.level = debug
log.connection.level = debug
log.queue.level = debug
C
echo '[rabbitmq_management,rabbitmq_stomp].' >"$WORK/rabbit/plugins"
cat >>"$WORK/rabbit/rabbitmq.conf" <<C
management.tcp.port = 39673
management.tcp.ip = 127.0.0.1
stomp.listeners.tcp.1 = 127.0.0.1:39613
C
export RABBITMQ_NODENAME=spike@localhost RABBITMQ_MNESIA_BASE=$WORK/rabbit/db RABBITMQ_LOG_BASE=$WORK/rabbit/log RABBITMQ_CONFIG_FILE=$WORK/rabbit/rabbitmq.conf RABBITMQ_ENABLED_PLUGINS_FILE=$WORK/rabbit/plugins RABBITMQ_DIST_PORT=39674 ERL_EPMD_PORT=39675 ERL_EPMD_ADDRESS=127.0.0.1 RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1} -setcookie spike'
start rabbitmq "$OUT/rabbitmq.log" /usr/lib/rabbitmq/bin/rabbitmq-server

sleep 15
# ------------------------------------------------------------------ load, all of it bounded in time
end=$((SECONDS + SECONDS_EACH))
while_time() { while [ "$SECONDS" -lt "$end" ]; do "$@" || true; sleep "${PAUSE:-0.2}"; done; }
redis_load() { timeout 20 redis-benchmark -p 39379 -q -n 2000 -k 0 -c 20 -t set,get,lpush,hset >/dev/null 2>&1; redis-cli -p 39379 bgsave; redis-cli -p 39380 replicaof no one; redis-cli -p 39379 flushall; redis-cli -p 39379 debug sleep 0.1; redis-cli -p 39380 replicaof 127.0.0.1 39379; redis-cli -p 39379 client kill type replica; redis-cli -p 39379 eval 'return redis.log(redis.LOG_WARNING, "from a script")' 0; sleep 2; } >/dev/null 2>&1
P="$PG/psql -h 127.0.0.1 -p 39432 -U postgres -qAt"
pg_load() { $PG/pgbench -h 127.0.0.1 -p 39432 -U postgres -i -s 1 >/dev/null 2>&1; timeout 8 $PG/pgbench -h 127.0.0.1 -p 39432 -U postgres -c 3 -T 6 -C >/dev/null 2>&1; timeout 6 $PG/pgbench -h 127.0.0.1 -p 39432 -U postgres -c 2 -T 4 -M prepared -S --rate 60 >/dev/null 2>&1
  for word in $(shuf -n 60 /usr/share/dict/words 2>/dev/null || find /usr/share/doc -maxdepth 1 -printf '%f\n' | shuf -n 60); do echo "select '$word' as name, count(*) from pg_class where relname ~ '$word' and relkind in ('r','i') group by 1; create table if not exists \"t_$word\"(id serial primary key, note text not null, at timestamptz default now()); insert into \"t_$word\"(note) values ('about $word'), (md5('$word')); select * from missing_$word; update \"t_$word\" set note = upper(note) where id < 2; begin; lock table \"t_$word\"; rollback; drop table \"t_$word\";"; done | $P >/dev/null 2>&1
  $PG/psql -h 127.0.0.1 -p 39432 -U postgres -c '\d+ pg_class' -c '\df pg_catalog.*' -c '\l+' -c 'vacuum analyze' >/dev/null 2>&1; }
web_load() { timeout 30 wget -q -r -l 4 -np -e robots=off --delete-after -P "$WORK/wget$RANDOM" "http://127.0.0.1:3908$((RANDOM % 3))/doc/$(ls /usr/share/doc | shuf -n 1)/" ; find /usr/share/doc /usr/share/man -type f | shuf -n 400 | sed "s|^/usr/share|http://127.0.0.1:3908$((RANDOM % 2 * 2))|;s|.*|url = \"&\"\noutput = /dev/null|" | timeout 20 curl -s -A "docs-check/$RANDOM (round)" -e "http://127.0.0.1:39082/doc/" -K - ; curl -s "http://127.0.0.1:39080/down" "http://127.0.0.1:39080/no such file" -A 'odd agent "quoted"' -o /dev/null; http_proxy=http://127.0.0.1:39128 timeout 10 wget -q -r -l 2 -np -e robots=off --delete-after -P "$WORK/wget$RANDOM" "http://127.0.0.1:39080/doc/$(ls /usr/share/doc | shuf -n 1)/"; } >/dev/null 2>&1
prom_load() { for q in up 'rate(prometheus_http_requests_total[1m])' 'sum(' 'nope{' 'topk(5, process_cpu_seconds_total)'; do curl -s -G --data-urlencode "query=$q" http://127.0.0.1:39090/api/v1/query -o /dev/null; done; echo "[{\"targets\":[\"127.0.0.1:$((39200 + RANDOM % 60))\"]}]" >"$WORK/sd-$((RANDOM % 9)).json"; curl -s -X POST http://127.0.0.1:39090/-/reload; sleep 0.5; } >/dev/null 2>&1
etcd_load() { for port in 39279 39281; do for i in 1 2 3 4 5 6; do ETCDCTL_API=3 timeout 3 etcdctl --endpoints http://127.0.0.1:$port put "key/$(shuf -n1 /etc/services | cut -c1-12 | tr -dc a-z)$RANDOM" "value $RANDOM"; done; ETCDCTL_API=3 timeout 3 etcdctl --endpoints http://127.0.0.1:$port get --prefix key --limit 5; ETCDCTL_API=3 timeout 3 etcdctl --endpoints http://127.0.0.1:$port lease grant 2; ETCDCTL_API=3 timeout 3 etcdctl --endpoints http://127.0.0.1:$port compact $((RANDOM % 500)); done; } >/dev/null 2>&1
dns_load() { for name in $(find /usr/share/doc -maxdepth 1 -printf '%f\n' | shuf -n 40); do dig +tries=1 +time=1 -p 39053 @127.0.0.1 "$name.example.test" "$(shuf -n1 -e A AAAA MX TXT NS)" +short; done; dig +tries=1 +time=1 -p 39053 @127.0.0.1 "outside.example" ; } >/dev/null 2>&1
mqtt_load() { for topic in $(find /usr/share/doc -maxdepth 1 -printf '%f\n' | shuf -n 20); do mosquitto_pub -p 39183 -h 127.0.0.1 -t "docs/$topic" -m "hello $RANDOM" -q $((RANDOM % 3)); done; timeout 2 mosquitto_sub -p 39183 -h 127.0.0.1 -t 'docs/#' -C 2; } >/dev/null 2>&1
ldap_load() { printf 'dn: dc=example,dc=test\nobjectClass: dcObject\nobjectClass: organization\no: test\ndc: example\n' | ldapadd -x -H ldap://127.0.0.1:39389 -D cn=admin,dc=example,dc=test -w secret; for n in $(getent passwd | cut -d: -f1 | shuf -n 10); do printf "dn: uid=$n,dc=example,dc=test\nobjectClass: inetOrgPerson\nuid: $n\ncn: $n\nsn: $n\n" | ldapadd -x -H ldap://127.0.0.1:39389 -D cn=admin,dc=example,dc=test -w secret; ldapsearch -x -H ldap://127.0.0.1:39389 -b dc=example,dc=test "(uid=$n)"; ldapsearch -x -H ldap://127.0.0.1:39389 -D "cn=$n" -w wrong -b dc=example,dc=test "(&(objectClass=*)(cn=*$n*))"; done; } >/dev/null 2>&1
zk_load() { for i in 1 2 3; do for w in ruok stat mntr conf cons dump envi srvr wchs; do (exec 3<>/dev/tcp/127.0.0.1/39181; printf "$w" >&3; timeout 1 cat <&3); done; done; { for i in $(seq 30); do n=$(find /usr/share/doc -maxdepth 1 -printf '%f\n' | shuf -n1); echo "create /$n$RANDOM value"; echo "get /$n"; echo "ls /"; echo "set /zookeeper x"; done; } | timeout 20 java -Xmx64m -cp "$ZK_JARS" org.apache.zookeeper.ZooKeeperMain -server 127.0.0.1:39181; sleep 3; } >/dev/null 2>&1
rabbit_load() { for q in $(find /usr/share/doc -maxdepth 1 -printf '%f\n' | shuf -n 8); do curl -s -u guest:guest -X PUT "http://127.0.0.1:39673/api/queues/%2F/$q" -d '{"durable":true}'; curl -s -u guest:guest -X POST http://127.0.0.1:39673/api/exchanges/%2F/amq.default/publish -d "{\"properties\":{},\"routing_key\":\"$q\",\"payload\":\"x\",\"payload_encoding\":\"string\"}"; curl -s -u guest:wrong "http://127.0.0.1:39673/api/queues"; curl -s -u guest:guest -X DELETE "http://127.0.0.1:39673/api/queues/%2F/$q"; printf 'CONNECT\nlogin:guest\npasscode:%s\nhost:/\n\n\0SUBSCRIBE\nid:%s\ndestination:/queue/%s\n\n\0DISCONNECT\nreceipt:1\n\n\0' "$(shuf -n1 -e guest guest no)" "$q" "$q" | timeout 2 nc -q1 127.0.0.1 39613 || true; curl -s -u guest:guest -X PUT "http://127.0.0.1:39673/api/users/$q" -d '{"password":"x","tags":"monitoring"}'; curl -s -u guest:guest -X PUT "http://127.0.0.1:39673/api/vhosts/$q"; curl -s -u guest:guest -X DELETE "http://127.0.0.1:39673/api/vhosts/$q"; done; sleep 1; } >/dev/null 2>&1
loads=()
for load in redis_load pg_load web_load prom_load etcd_load dns_load mqtt_load ldap_load zk_load rabbit_load; do while_time $load & loads+=("$!"); done
wait "${loads[@]}"
cp "$WORK/squid/access.log" "$OUT/squid-access.log" 2>/dev/null
cp "$WORK/squid/cache.log" "$OUT/squid-cache.log" 2>/dev/null
stop_all
sleep 5
# RabbitMQ leaves its port mapper behind: the one whose environment names our folder is ours.
for mapper in $(pgrep -x epmd); do
    if grep -qz "RABBITMQ_MNESIA_BASE=$WORK" "/proc/$mapper/environ"; then kill -TERM "$mapper"; fi
done
find "$OUT" -name '*.log' -empty -delete
rm -rf "$WORK"
wc -lc "$OUT"/*.log
