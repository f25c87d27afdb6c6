variable "token" {
  description = "API token of the cloud project. Give it by TF_VAR_token, not in a file."
  type        = string
  sensitive   = true
}

variable "public_key" {
  description = "The instructor's public SSH key, as ~/.ssh/id_ed25519.pub has it."
  type        = string

  validation {
    condition     = can(regex("^(ssh|ecdsa|sk)-", var.public_key))
    error_message = "public_key is a public key of OpenSSH: one line that begins with its kind."
  }
}

variable "repository" {
  description = "Where git clones the lab from."
  type        = string
}

variable "revision" {
  description = "Branch or tag of the lab."
  type        = string
  default     = "main"
}

variable "from" {
  description = "Networks that may reach SSH, in CIDR notation. There is no default: open it to yours."
  type        = list(string)

  validation {
    condition     = length(var.from) > 0 && alltrue([for each in var.from : can(cidrhost(each, 0))])
    error_message = "from is a list of networks such as 192.0.2.0/24."
  }
}

variable "name" {
  description = "Name of the machine, and the beginning of the names beside it."
  type        = string
  default     = "observastack-lab"
}

variable "size" {
  description = "Kind of machine: 2 cores and 4 GB carry two labs."
  type        = string
  default     = "cx23"
}

variable "location" {
  description = "Where the machine stands."
  type        = string
  default     = "nbg1"
}
