"""Which component may connect to which, by the NetworkPolicies; a pod without one would be open to all."""

from typing import Any

import pytest

from tests.integration.deploy.charts import Object, of_kind

COMPONENTS = {"gateway", "worker", "triton", "postgres", "migrate"}


def peers(policy: Object, direction: str, port: int) -> set[str]:
    """The components that the policy lets through on the port; `anyone` for a rule without peers."""
    found = set()
    for rule in policy["spec"][direction]:
        if any(entry["port"] == port for entry in rule.get("ports", ())):
            sides = rule.get("from" if direction == "ingress" else "to")
            found |= {_name(side) for side in sides} if sides else {"anyone"}
    return found


def test_every_component_has_a_policy_for_both_directions() -> None:
    policies = of_kind("minimal", "NetworkPolicy")
    assert set(policies) == COMPONENTS
    for name, policy in policies.items():
        assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
        assert policy["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == name


def test_the_gateway_and_the_worker_alone_reach_triton() -> None:
    policy = of_kind("minimal", "NetworkPolicy")["triton"]
    assert peers(policy, "ingress", 8001) == {"gateway", "worker"}
    assert peers(policy, "ingress", 8000) == set(), "the kubelet's probes need no rule"
    assert peers(policy, "ingress", 8002) == {"monitoring"}
    assert policy["spec"]["egress"] == [], "it calls nobody"


def test_the_gateway_the_worker_the_migration_and_the_backup_alone_reach_postgresql() -> None:
    policy = of_kind("backup", "NetworkPolicy")["postgres"]
    assert peers(policy, "ingress", 5432) == {"gateway", "worker", "migrate", "backup"}
    assert policy["spec"]["egress"] == []


def test_the_listener_takes_its_senders_alone_and_reaches_no_triton() -> None:
    policies = of_kind("pacs", "NetworkPolicy")
    (senders, _) = policies["listener"]["spec"]["ingress"]
    assert senders == {"from": [{"ipBlock": {"cidr": "10.20.0.0/16"}}], "ports": [{"port": 11112}]}
    assert "listener" in peers(policies["postgres"], "ingress", 5432)
    assert "listener" not in peers(policies["triton"], "ingress", 8001)
    assert "listener" not in of_kind("backup", "NetworkPolicy")


@pytest.mark.parametrize("name", ["worker", "migrate", "backup"])
def test_components_without_a_service_accept_no_connections(name: str) -> None:
    policy = of_kind("backup", "NetworkPolicy")[name]
    assert [rule for rule in policy["spec"]["ingress"] if not _is_monitoring(rule)] == []


def test_external_services_are_reached_on_their_own_ports() -> None:
    policy = of_kind("external", "NetworkPolicy")["gateway"]
    (outside,) = (rule for rule in policy["spec"]["egress"] if {"ipBlock": {"cidr": "0.0.0.0/0"}} in rule.get("to", ()))
    assert {entry["port"] for entry in outside["ports"]} == {443, 5432, 9000}


def test_clients_can_be_held_to_the_ingress_controller() -> None:
    assert peers(of_kind("minimal", "NetworkPolicy")["gateway"], "ingress", 8080) == {"anyone"}
    assert peers(of_kind("cpu", "NetworkPolicy")["gateway"], "ingress", 8080) == {"ingress-nginx", "test", "monitoring"}


def test_gateway_and_worker_alone_reach_the_archives_that_are_named() -> None:
    policies, archive = of_kind("pacs", "NetworkPolicy"), {"ipBlock": {"cidr": "10.20.0.5/32"}}
    for name, policy in policies.items():
        rules = [rule for rule in policy["spec"]["egress"] if archive in rule.get("to", ())]
        reached = [{"to": [archive], "ports": [{"port": 104}, {"port": 11112}]}]
        assert rules == (reached if name in {"gateway", "worker"} else [])
    assert peers(policies["worker"], "egress", 8042) == {"outside"}
    assert peers(of_kind("minimal", "NetworkPolicy")["worker"], "egress", 104) == set()


def test_orthanc_reaches_the_listener_alone_and_both_reach_each_other() -> None:
    policies = of_kind("orthanc", "NetworkPolicy")
    assert peers(policies["orthanc"], "egress", 11112) == {"listener"}
    assert {"gateway", "worker"} <= peers(policies["orthanc"], "ingress", 4242)
    for sender in ("gateway", "worker"):
        assert peers(policies[sender], "egress", 4242) == {"orthanc"}
    assert peers(policies["orthanc"], "egress", 5432) == set()
    assert "orthanc" not in of_kind("pacs", "NetworkPolicy")


def _name(side: dict[str, Any]) -> str:
    labels = next(iter(side.values())).get("matchLabels", {})
    return str(labels.get("app.kubernetes.io/component") or labels.get("kubernetes.io/metadata.name") or "outside")


def _is_monitoring(rule: dict[str, Any]) -> bool:
    return {_name(side) for side in rule.get("from", ())} == {"monitoring"}
