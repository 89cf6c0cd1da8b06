//go:build tools

// Package devservers names the servers that tests and `npm run servers` start, so that go.mod and go.sum pin them.
package devservers

import (
	_ "github.com/nats-io/nats-server/v2"
	_ "go.etcd.io/etcd/server/v3"
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
)
