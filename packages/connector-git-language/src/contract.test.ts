import { languageContract } from "@seb/connector-language/contract";
import { gitLanguage } from "./index.js";

languageContract(gitLanguage, {
  plan: {
    operation: {
      branch: "main",
      edits: [
        {
          path: "apps/checkout/deployment.yaml",
          format: "yaml",
          set: { "/spec/replicas": { $open: "replicas" }, "/image": "registry.example/checkout@{{parameters.digest}}" },
        },
      ],
    },
    live: { replicas: { at: "/spec/replicas", show: true }, size: { at: "config.json#/size", show: false } },
    parameters: {
      replicas: { type: "integer", minimum: 1, maximum: 50, description: "" },
      digest: { type: "string", pattern: "^x$", max_length: 71, description: "" },
    },
    identity: "held",
    reconcile: "exact",
  },
  precondition: { "blob:apps/checkout/deployment.yaml": "a".repeat(40), "blob:config.json": "b".repeat(40) },
  target: {
    connector: "git",
    url: "https://git.example/ops.git",
    branch: "main",
    author_name: "SEB",
    author_email: "seb@example.com",
    credential_file: "/run/secrets/gitops",
    ca_file: "/etc/ca.pem",
  },
});
