# One small virtual machine with a lab in containers, for a handful of people. Nothing but SSH is
# open to the world: who may log in reaches JupyterLab through a tunnel (see the outputs).

terraform {
  required_version = ">= 1.5"
  required_providers {
    hcloud = {
      source  = "hetznercloud/hcloud"
      version = "~> 1.50"
    }
  }
}

provider "hcloud" {
  token = var.token
}

resource "hcloud_ssh_key" "instructor" {
  name       = "${var.name}-instructor"
  public_key = var.public_key
}

resource "hcloud_firewall" "ssh_only" {
  name = "${var.name}-ssh-only"

  rule {
    direction   = "in"
    protocol    = "tcp"
    port        = "22"
    source_ips  = var.from
    description = "SSH, and the tunnel to JupyterLab in it"
  }
}

resource "hcloud_server" "lab" {
  name         = var.name
  server_type  = var.size
  image        = "debian-13"
  location     = var.location
  ssh_keys     = [hcloud_ssh_key.instructor.id]
  firewall_ids = [hcloud_firewall.ssh_only.id]
  labels       = { project = "observastack-lab" }

  user_data = templatefile("${path.module}/cloud-init.yaml.tftpl", {
    public_key = var.public_key
    repository = var.repository
    revision   = var.revision
  })
}
