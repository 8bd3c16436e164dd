// The sound of a call: files of the hotline, else a voice of this device.

// Only voices of this device: others send the text over the network, and nothing may leave this machine.
function findVoice(language) {
  const wanted = language.toLowerCase();
  const voices = (window.speechSynthesis?.getVoices() ?? []).filter((voice) => voice.localService);
  const code = (voice) => voice.lang.toLowerCase().replace("_", "-");
  return voices.find((voice) => code(voice) === wanted) ?? voices.find((voice) => code(voice).split("-")[0] === wanted.split("-")[0]);
}

export const canHear = (part) => Boolean(part.url || (part.language && findVoice(part.language)));

let stopSound = () => {};

function hear(part) {
  return new Promise((resolve) => {
    if (part.url) {
      const audio = new Audio(part.url);
      stopSound = () => (audio.pause(), resolve());
      audio.addEventListener("ended", resolve);
      audio.addEventListener("error", resolve);
      audio.play().catch(resolve);
      return;
    }
    const said = new SpeechSynthesisUtterance(part.text);
    said.voice = findVoice(part.language);
    said.lang = said.voice.lang;
    stopSound = () => (speechSynthesis.cancel(), resolve());
    said.addEventListener("end", resolve);
    said.addEventListener("error", resolve);
    speechSynthesis.speak(said);
  });
}

let playing = 0;

export async function hearAll(spoken) {
  silence();
  const mine = playing;
  for (const { part, bubble } of spoken) {
    if (playing !== mine) return;
    if (!canHear(part)) continue;
    bubble.classList.add("now");
    await hear(part);
    bubble.classList.remove("now");
  }
}

export function silence() {
  playing += 1;
  stopSound();
  stopSound = () => {};
}
