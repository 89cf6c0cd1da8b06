#!/bin/sh
# One certified change of a Deployment by three services over Redis, NATS and a kube-apiserver. From the root of the repository, first:
#   seb init --env dev --out play
#   npm run servers -- --env play      # leave it running
# then, in another terminal:
#   sh examples/kubernetes/walk.sh play
set -eu
play=$(cd "$1" && pwd)
here=examples/kubernetes
. "$play/environment"
export PATH="$PWD/node_modules/.bin:$PATH"
export SEB_CONTROL="$play/control" SEB_BUNDLES="$play/bundles" SEB_TARGETS="$play/broker/targets.yaml"
export SEB_TRUST="$play/trust/trust.json" SEB_TRUST_PINS="$play/trust/trust-pins.json"
url() { echo "http://127.0.0.1:$(sed -n 's/^  port: //p' "$play/$1/$1.yaml")"; }
SEB_SIGNER_URL=$(url signer) SEB_BROKER_URL=$(url broker) SEB_REVOCATION_URL=$(url revocation)
export SEB_SIGNER_URL SEB_BROKER_URL SEB_REVOCATION_URL SEB_KEY="$play/agent.json"
kube() { node infra/dev-servers/kube.mjs "$@"; }
step() { printf '\n== %s\n' "$1"; }

step "Owners sign which key may sign what"
seb trust sign "$SEB_TRUST" --owner "$play/owners/owner-1.json" --owner "$play/owners/owner-2.json"

step "The service's team: a Deployment with two replicas"
kube apply < $here/cluster/checkout.yaml

step "Security: actions, a policy for them, and the agent's key"
cp $here/actions/*.yaml "$SEB_CONTROL/actions/"
cp $here/services/*.yaml "$SEB_CONTROL/services/"
cp $here/policy/*.cedar "$SEB_CONTROL/policy/"
agent-cli keygen --out "$SEB_KEY" > /dev/null
seb agent add oncall-v3 --key "$SEB_KEY" --owner team-sre --action k8s-scale --replace

step "Platform: the cluster, bounds, and what the cluster needs to hold the broker to the scheme"
cp $here/ceilings.yaml "$play/broker/ceilings.yaml"
cat > "$SEB_TARGETS" <<END
ver: 1
targets:
  cluster-us:
    connector: kubernetes
    server: $SEB_KUBE_URL
    ca_file: $SEB_KUBE_CA_FILE
    token_file: $play/broker/cluster.token
END
seb infra render --target cluster-us --token-file "$SEB_KUBE_TOKEN_FILE" > "$play/cluster.yaml"
kube apply < "$play/cluster.yaml"
seb infra check --target cluster-us --token-file "$SEB_KUBE_TOKEN_FILE"
(umask 077 && kube token seb-system broker > "$play/broker/cluster.token")

step "Three processes"
pids=
trap 'kill $pids' EXIT
for service in signer broker revocation; do
  node "apps/$service/dist/main.js" --config "$play/$service/$service.yaml" > "$play/$service/log.jsonl" 2>&1 &
  pids="$pids $!"
done
curl --silent --fail --retry 60 --retry-delay 1 --retry-connrefused --retry-all-errors "$SEB_REVOCATION_URL/readyz"

step "Two operators activate the control folder"
seb policy activate --reason "the first bundle" \
  --operator "$play/operators/operator-1.json" --operator "$play/operators/operator-2.json"
for ready in "$SEB_SIGNER_URL" "$SEB_BROKER_URL"; do
  curl --silent --fail --retry 60 --retry-delay 1 --retry-connrefused --retry-all-errors "$ready/readyz"
done

step "The agent: a certificate for at most 5 replicas, then the change"
CERT=$(agent-cli request-cert --action k8s-scale --service checkout --region us-east-1 --max-replicas 5)
agent-cli execute --cert "$CERT" --action k8s-scale --service checkout --region us-east-1 --replicas 5

step "What the cluster says, by a plain GET"
kube get /apis/apps/v1/namespaces/checkout/deployments/checkout | grep -e '"replicas"' -e seb.dev/certificate

step "What compliance reads, in the stream of records"
seb audit query --writes --nats "$SEB_NATS_URL" --nats-user audit --nats-password-file "$play/servers/nats/audit.password"
