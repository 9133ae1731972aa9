#!/usr/bin/env bash
# Tries the examples of docs/backends.md on a server of their own: try.sh target/debug/portcullis
# Needs curl, node 20, npm, python3 with venv, cargo, and what the server needs. Works in a temporary directory only.
set -euo pipefail

server=$(realpath "${1:?the path of a built server}")
docs=$(cd "$(dirname "$0")" && pwd)

for name in ${!PORTCULLIS_@} ${!PG@} ${!AUTH_@} DATABASE_URL PORT WHILE_LOST; do unset "$name"; done
export no_proxy=127.0.0.1 NO_PROXY=127.0.0.1
export PORTCULLIS_EMAIL_VERIFICATION=off

work=$(mktemp -d "${TMPDIR:-/tmp}/portcullis-try.XXXXXX")
# As root the server runs PostgreSQL as another user, who has to pass.
chmod 711 "$work"
running=()

clean_up() {
    local outcome=$?
    trap - EXIT
    if [ "$outcome" -ne 0 ]; then tail -n 20 "$work"/*/*.log >&2 || true; fi
    for pid in "${running[@]}"; do kill -TERM "$pid" && kill -CONT "$pid"; done 2>/dev/null || true
    for pid in "${running[@]}"; do has_ended "$pid" 20 || kill -9 "$pid" 2>/dev/null || true; done
    rm -rf "$work"
    exit "$outcome"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

say() { printf '%s\n' "$*"; }
fail() { say "FAILED: $*" >&2; exit 1; }
now() { local time=${EPOCHREALTIME/[.,]/}; echo $((time / 1000)); }

# await SECONDS WHAT COMMAND...
await() {
    local end=$(($(now) + $1 * 1000)) what=$2
    shift 2
    until "$@"; do
        [ "$(now)" -lt "$end" ] || fail "$what: not within the time"
        sleep 0.02
    done
}

# has_ended PID SECONDS
has_ended() {
    timeout "$2" tail --pid="$1" -f /dev/null
    wait "$1" 2>/dev/null || true
    ! kill -0 "$1" 2>/dev/null
}

says() { grep -qs "$2" "$1"; }

# start_server AUDIENCE; the same directory, and from the second time on the same port.
start_server() {
    : >"$dir/server.out"
    PORTCULLIS_AUDIENCE=$1 "$server" --listen "127.0.0.1:$port" >"$dir/server.out" 2>>"$dir/server.log" &
    server_pid=$!
    running+=("$server_pid")
    await 60 'the server starts' says "$dir/server.out" 'Ctrl-C stops it'
    auth=$(sed -n 's|^ *GraphQL *\(http.*\)/graphql$|\1|p' "$dir/server.out")
    port=${auth##*:}
}

stop_server() {
    kill "$server_pid"
    has_ended "$server_pid" 20 || fail 'the server does not stop'
}

# graphql QUERY [TOKEN]
graphql() {
    curl -sS --fail --max-time 20 "$auth/graphql" -H 'Content-Type: application/json' \
        ${2:+-H "Authorization: Bearer $2"} -d "{\"query\":\"${1//\"/\\\"}\"}"
}

login() {
    graphql 'mutation { login(input: { identifier: "ada", password: "correct horse battery staple" }) { ... on LoginSuccess { tokens { accessToken } } } }' |
        sed -n 's/.*"accessToken":"\([^"]*\)".*/\1/p'
}

logout() { graphql 'mutation { logout { ended } }' "$1" | grep -q '"ended":true' || fail 'no session was ended'; }

# start_example NAME COMMAND...; its address is then in ${at[NAME]}.
start_example() {
    local name=$1 log="$dir/$1.log"
    shift
    AUTH_URL=$auth AUTH_ISSUER=$issuer AUTH_AUDIENCE=$audience AUTH_ALGORITHMS=$algorithm AUTH_SERVICE_KEY=$key PORT=0 \
        "$@" >"$log" 2>&1 &
    running+=($!)
    await 20 "$name starts" says "$log" '^listening on '
    at[$name]=$(sed -n 's/^listening on //p' "$log")
}

# status NAME TOKEN
status() { curl -sS --max-time 10 -o "$work/answer" -w '%{http_code}' -H "Authorization: Bearer $2" "${at[$1]}"; }
is_status() { [ "$(status "$2" "$3")" = "$1" ]; }

# expect STATUS TOKEN WHAT NAME...
expect() {
    local expected=$1 token=$2 what=$3 name
    shift 3
    for name in "$@"; do
        is_status "$expected" "$name" "$token" || fail "$what: $name does not answer $expected: $(cat "$work/answer")"
    done
    say "  $what: $expected from $*"
}

# refused_soon TOKEN WHAT [NEVER]: from now on, by those that follow the stream. NEVER is a status that may not come before.
refused_soon() {
    local begin name got tries
    begin=$(now)
    for name in node rust; do
        tries=1
        while got=$(status "$name" "$1"); [ "$got" != 401 ]; do
            [ "$got" != "${3:-}" ] || fail "$2: $name answers $got"
            [ $(($(now) - begin)) -lt 20000 ] || fail "$2: $name still answers $got"
            tries=$((tries + 1))
        done
        say "  $2: refused by $name within $(($(now) - begin)) ms, at try $tries"
    done
}

try() {
    algorithm=$1 dir=$work/$1 port=0 issuer=https://auth.example.com audience=api.example.com
    local name elsewhere one two three four five six body
    say "$algorithm"
    mkdir -m 711 "$dir"
    export PORTCULLIS_DATA_DIR=$dir/data PORTCULLIS_SIGNING_ALGORITHM=$algorithm PORTCULLIS_ISSUER=$issuer
    export PORTCULLIS_ACCESS_TOKEN_TTL=90s PORTCULLIS_ARGON2_MEMORY_KIB=64

    start_server 'another.example.com'
    graphql 'mutation { register(input: { email: "ada@example.com", username: "ada", password: "correct horse battery staple" }) { __typename } }' |
        grep -q RegisterSuccess || fail 'no account'
    elsewhere=$(login)
    stop_server
    start_server "$audience"
    key=$("$server" service-keys create 'an example' 2>>"$dir/server.log")
    one=$(login) two=$(login) three=$(login) four=$(login) five=$(login)
    last=$four
    [ -n "$elsewhere" ] && [ -n "$five" ] || fail 'no tokens'
    declare -gA at=()
    start_example node node "$work/node/server.js"
    start_example rust "$CARGO_TARGET_DIR/debug/verify-tokens-example"
    WHILE_LOST=accept start_example node-accepts node "$work/node/server.js"
    WHILE_LOST=accept start_example rust-accepts "$CARGO_TARGET_DIR/debug/verify-tokens-example"
    start_example python "$work/venv/bin/python" "$work/python/verify.py"

    for name in node rust; do await 10 "$name hears of the revocations" is_status 200 "$name" "$one"; done
    expect 200 "$one" 'a valid token' node rust node-accepts rust-accepts python
    expect 401 "$elsewhere" 'one for another audience' node rust python
    body=${one#*.} body=${body%.*}
    expect 401 "${one%.*}.${elsewhere##*.}" 'the signature of another' node rust python
    expect 401 "${one%%.*}.${elsewhere#*.}" 'claims of another' node rust python
    expect 401 "$(printf '{"alg":"none","typ":"at+jwt"}' | base64 | tr -d '=\n').$body." 'one without a signature' node rust python
    expect 401 'x' 'no token at all' node rust python

    logout "$one"
    refused_soon "$one" 'logged out'
    expect 200 "$one" 'logged out, where the stream is not followed' python
    expect 200 "$two" 'another session' node rust python

    if [ "$algorithm" = EdDSA ]; then be_silent "$two"; fi

    stop_server
    expect 200 "$two" 'the server has just stopped' node rust
    for name in node rust; do await 10 "$name refuses without the stream" is_status 503 "$name" "$two"; done
    expect 503 "$two" 'the stream is lost' node rust
    expect 200 "$two" 'the stream is lost, and the choice is to accept' node-accepts rust-accepts
    expect 401 "$one" 'logged out before' node rust node-accepts rust-accepts
    start_server "$audience"
    logout "$two"
    refused_soon "$two" 'logged out while the stream was lost' 200
    expect 200 "$three" 'another session' node rust python

    logout "$three"
    refused_soon "$three" 'logged out after the stream came back'
    end_others
    expect 200 "$five" 'the session that ended all others' node rust python
    six=$(login)
    expect 200 "$six" 'a session that was opened afterwards' node rust python
    disable
    refused_soon "$five" 'the account was disabled'
    refused_soon "$six" 'the account was disabled'
    expect 200 "$four" 'the account was disabled, where the stream is not followed' python
    stop_server
}

# be_silent TOKEN: the connections stay open, and nothing comes.
be_silent() {
    local name
    kill -STOP "$server_pid"
    for name in node rust; do
        await 10 "$name notices the silence" says "$dir/$name.log" 'silent for too long'
        await 10 "$name refuses without the stream" is_status 503 "$name" "$1"
    done
    kill -CONT "$server_pid"
    for name in node rust; do await 10 "$name has the stream again" is_status 200 "$name" "$1"; done
    say '  the server is silent: 503 until it speaks again, from node rust'
}

# Ends all of ada's sessions but that of the fifth token.
end_others() {
    graphql 'mutation { revokeOtherSessions { __typename } }' "$five" | grep -q RevokeOtherSessionsSuccess || fail 'nothing was ended'
    refused_soon "$four" 'another session ended all others'
}

# Shuts ada's account out, as the operator.
disable() {
    PGPASSWORD=$(cat "$PORTCULLIS_DATA_DIR/postgres-password") psql -qX -h "$PORTCULLIS_DATA_DIR/run" -U portcullis portcullis \
        -c "UPDATE accounts SET disabled_at = now() WHERE username = 'ada'"
}

say 'installing what the examples need'
cp -R "$docs/node" "$docs/python" "$docs/rust" "$work"
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$work/target}
(cd "$work/node" && npm ci --ignore-scripts --no-audit --no-fund --silent && node --test >test.log)
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check -r "$work/python/requirements.txt"
(cd "$work/rust" && cargo build --locked --quiet && cargo test --locked --quiet >/dev/null)

"$work/venv/bin/python" "$docs/excerpts.py"

try EdDSA
first=${at[python]} token=$last
try ES256
try RS256

at=([python]=$first)
await 120 'the token of the beginning expires' is_status 401 python "$token"
says "$work/answer" expired || fail "not because it expired: $(cat "$work/answer")"
say 'the first token, where the stream is not followed: refused since it has expired'
say 'all as docs/backends.md and its neighbours say'
