# What nginx of Debian's package has otherwise than the container:
#
#   sed --file deploy/systemd/nginx.sed deploy/nginx/groupgate.conf >/etc/nginx/nginx.conf
#   sed --file deploy/systemd/nginx.sed deploy/nginx/tls.conf >/etc/nginx/groupgate.d/tls.conf
#
# nginx.service starts it as root and looks for its PID there; standard output is the journal's socket, which cannot be opened; and
# other users may write to /tmp.
s|^pid .*|user www-data;\npid /run/nginx.pid;|
s|^error_log stderr |error_log /var/log/nginx/error.log |
s|/dev/stdout|/var/log/nginx/groupgate.log|
s|/tmp/nginx-|/var/lib/nginx/|
# In plain HTTP it is reached from this machine alone.
s|listen 8080|listen 127.0.0.1:8080|
s|listen 8443|listen 443|
s|/run/secrets/|/etc/groupgate/secrets/|
# The gateways of this machine: groupgate@8081 and groupgate@8082.
s|gateway-1:8080|127.0.0.1:8081|
s|gateway-2:8080|127.0.0.1:8082|
