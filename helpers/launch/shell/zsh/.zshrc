# Read by zsh in a JupyterLab terminal. The learner's own file comes first and may set an AWS and
# a PATH of its own; then comes what helpers/launch/terminal.py says about the AWS chosen here.
ZDOTDIR="$_workshop_learner"
if [[ "${HISTFILE-}" == "$_workshop_folder"/* ]]; then HISTFILE="$ZDOTDIR/.zsh_history"; fi
if [[ -f "$ZDOTDIR/.zshrc" ]]; then source "$ZDOTDIR/.zshrc"; fi
eval "$WORKSHOP_TERMINAL"
unset WORKSHOP_TERMINAL _workshop_folder _workshop_learner
