output "address" {
  description = "The machine's public address."
  value       = hcloud_server.lab.ipv4_address
}

output "tunnel" {
  description = "Run this, then open the address that `./lab status` on the machine shows."
  value       = "ssh -L 8888:127.0.0.1:8888 lab@${hcloud_server.lab.ipv4_address}"
}
