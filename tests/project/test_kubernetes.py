"""deploy/kubernetes: what the schemas cannot see, that the names agree with each other and with us."""

import re
from pathlib import Path

import pytest
import yaml

from tests.support.serving import ROOT

FOLDER = ROOT / "deploy" / "kubernetes"
EXAMPLE = FOLDER / "example"
KUSTOMIZATIONS = [*FOLDER.glob("*/kustomization.yaml"), ROOT / "deploy" / "backup" / "kustomization.yaml"]
OURS = "examgrader"  # the image, the ConfigMap and the Secret


def read(path):
    return list(yaml.safe_load_all(path.read_text()))


def resources(folder):
    """Every object that `kubectl kustomize` would print for a folder, without what it adds to them."""
    (kustomization,) = read(folder / "kustomization.yaml")
    for name in [*kustomization.get("resources", ()), *kustomization.get("components", ())]:
        path = folder / name
        yield from resources(path) if path.is_dir() else read(path)
    for generated in kustomization.get("configMapGenerator", ()):
        data = {name: (folder / name).read_text() for name in generated["files"]}
        yield {"kind": "ConfigMap", "metadata": {"name": generated["name"]}, "data": data}


def pod_template(thing):
    spec = thing.get("spec", {})
    return spec.get("jobTemplate", {}).get("spec", spec).get("template")


ALL = list(resources(EXAMPLE))
PODS = {thing["metadata"]["name"]: pod_template(thing) for thing in ALL if pod_template(thing)}
CONTAINERS = [
    pytest.param(pod["spec"], container, id=name)
    for name, pod in PODS.items()
    for container in pod["spec"]["containers"]
]


def named(kind):
    return {thing["metadata"]["name"]: thing for thing in ALL if thing["kind"] == kind}


def keys_of(kind, name):
    thing = named(kind)[name]
    return set(thing.get("data", {})) | set(thing.get("stringData", {}))


def settings_we_read():
    return set(re.findall(r"^(?:# )?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))


@pytest.mark.parametrize("kustomization", KUSTOMIZATIONS, ids=lambda path: path.parent.name)
def test_what_a_kustomization_lists_is_there_and_what_is_there_is_listed(kustomization):
    (tree,) = read(kustomization)
    listed = [*tree.get("resources", ()), *tree.get("components", ())]
    assert [name for name in listed if not (kustomization.parent / name).exists()] == []
    there = {path.name for path in kustomization.parent.glob("*.yaml")} - {"kustomization.yaml"}
    assert there == {name for name in listed if name.endswith(".yaml")}


def test_no_two_objects_share_a_name():
    names = [(thing["kind"], thing["metadata"]["name"]) for thing in ALL]
    assert len(names) == len(set(names))


def test_settings_and_secrets_are_what_the_product_reads():
    config, secret = keys_of("ConfigMap", OURS), keys_of("Secret", OURS)
    assert config | secret <= settings_we_read()
    assert config & secret == set()
    secrets = {"DATABASE_URL", "SECRET_KEY", "ACCESS_KEY_PEPPER", "RECEIPT_SIGNING_KEY", "JWT_SIGNING_KEY"}
    assert secret == secrets, "what is secret stands in the Secret, whole"


@pytest.mark.parametrize(("pod", "container"), CONTAINERS)
def test_what_a_container_refers_to_exists(pod, container):
    for source in container.get("envFrom", ()):
        (kind, reference) = next(iter(source.items()))
        assert reference["name"] in named({"configMapRef": "ConfigMap", "secretRef": "Secret"}[kind])
    for variable in container.get("env", ()):
        if reference := variable.get("valueFrom", {}).get("secretKeyRef"):
            assert reference["key"] in keys_of("Secret", reference["name"])
    volumes = {volume["name"]: volume for volume in pod.get("volumes", ())}
    assert {mount["name"] for mount in container.get("volumeMounts", ())} == set(volumes)
    for volume in volumes.values():
        if "configMap" in volume:
            assert volume["configMap"]["name"] in named("ConfigMap")
        if "persistentVolumeClaim" in volume:
            assert volume["persistentVolumeClaim"]["claimName"] in named("PersistentVolumeClaim")
    if account := pod.get("serviceAccountName"):
        assert account in named("ServiceAccount")
    for script in re.findall(r"/scripts/(\S+)", " ".join(container.get("command", ()))):
        assert script in keys_of("ConfigMap", "backup-scripts")


@pytest.mark.parametrize(("pod", "container"), CONTAINERS)
def test_no_container_may_do_more_than_it_needs(pod, container):
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {"requests", "limits"} <= container["resources"].keys()
    assert "memory" in container["resources"]["limits"]
    assert container["image"] == OURS or re.search(r":[\w.-]*\d+\.\d+[\w.-]*$", container["image"])


def test_prometheus_may_ask_each_pod_by_its_address():
    (web,) = PODS["web"]["spec"]["containers"]
    (own_host,) = [variable for variable in web["env"] if variable["name"] == "OWN_HOST"]
    assert own_host["valueFrom"] == {"fieldRef": {"fieldPath": "status.podIP"}}
    assert {"OWN_HOST", "METRICS_FROM"} <= settings_we_read()
    assert named("ConfigMap")[OURS]["data"]["METRICS_FROM"]
    annotations = PODS["web"]["metadata"]["annotations"]
    assert annotations["prometheus.io/scrape"] == "true"
    assert int(annotations["prometheus.io/port"]) in [port["containerPort"] for port in web["ports"]]


def test_selectors_find_their_pods():
    labels = [pod["metadata"]["labels"] for pod in PODS.values()]

    def found(selector):
        wanted = selector.get("matchLabels", selector).items()
        return any(wanted <= labels_of_one.items() for labels_of_one in labels)

    for thing in ALL:
        spec = thing.get("spec", {})
        selector = spec.get("podSelector") or spec.get("selector")
        for expression in (selector or {}).get("matchExpressions", ()):
            for value in expression["values"]:
                assert found({expression["key"]: value})
        if selector and "matchExpressions" not in selector:
            assert found(selector), thing["metadata"]["name"]


def test_every_pod_has_its_place_in_the_network():
    """By default nobody speaks to anybody: a pod no policy names could not even reach the database."""
    egress = named("NetworkPolicy")["to-the-stores"]["spec"]["podSelector"]["matchExpressions"][0]["values"]
    assert set(egress) == {pod["metadata"]["labels"]["app.kubernetes.io/name"] for pod in PODS.values()} - {
        "valkey"
    }


def test_routes_lead_to_services_that_exist():
    services = named("Service")
    for name, ingress in named("Ingress").items():
        for rule in ingress["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                service = path["backend"]["service"]
                if name == "closed":  # what nobody outside may see leads nowhere, on purpose
                    assert service["name"] not in services
                else:
                    ports = {port["name"] for port in services[service["name"]]["spec"]["ports"]}
                    assert service["port"]["name"] in ports


def test_the_autoscaler_scales_what_is_there():
    target = named("HorizontalPodAutoscaler")["web"]["spec"]["scaleTargetRef"]
    assert target["name"] in named(target["kind"])


def seconds(name, text):
    return int(re.search(rf"^{name} = (\d+)", text, re.MULTILINE)[1])


def test_a_pod_is_given_more_time_to_end_than_gunicorn_takes():
    graceful = seconds("graceful_timeout", (ROOT / "examgrader" / "gunicorn.conf.py").read_text())
    web = PODS["web"]["spec"]
    pause = int(web["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1])
    assert web["terminationGracePeriodSeconds"] >= graceful + pause + 5
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())
    assert int(compose["services"]["web"]["stop_grace_period"].removesuffix("s")) >= graceful + 5


def test_compose_mounts_what_is_there():
    """Grafana's and Prometheus' folders are filled by whoever keeps them; their names must stay."""
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())
    given = {"./deploy/proxy/certs", "./deploy/prometheus", "./deploy/grafana/provisioning",
             "./deploy/grafana/dashboards"}  # fmt: skip
    mounted = {
        volume.partition(":")[0]
        for service in compose["services"].values()
        for volume in service.get("volumes", ())
        if volume.startswith("./")
    }
    assert [path for path in mounted - given if not Path(ROOT / path).exists()] == []
    images = {service["image"] for service in compose["services"].values()} - {OURS}
    assert [image for image in images if not re.search(r":v?\d+\.\d+", image)] == [], "no version"
