# Sets a soft limit of every process in a container: prlimit.sh NAME VALUE; without a value, to the
# hard limit. Run by the container's own user, who may do that to processes of his.
for folder in /proc/[0-9]*; do
    pid=${folder#/proc/}
    [ "$pid" != $$ ] || continue
    hard=$(prlimit --pid "$pid" "--$1" --noheadings --raw --output HARD 2>/dev/null) || continue
    value=${2:-$hard}
    case $hard in
        unlimited) ;;
        *) [ "$value" -le "$hard" ] 2>/dev/null || value=$hard ;;
    esac
    prlimit --pid "$pid" "--$1=$value:$hard" 2>/dev/null || [ "$pid" -ne 1 ] || exit 1
done
