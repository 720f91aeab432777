# Read by zsh in a JupyterLab terminal: the learner's own file, which may move ZDOTDIR.
_workshop_folder="$ZDOTDIR"
ZDOTDIR="$HOME"
if [[ -f "$HOME/.zshenv" ]]; then source "$HOME/.zshenv"; fi
_workshop_learner="$ZDOTDIR"
ZDOTDIR="$_workshop_folder"
