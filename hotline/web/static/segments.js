// How many parts an SMS is sent in, by the alphabet it needs.

const GSM =
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const GSM_DOUBLE = "^{}\\[~]|€";

export function isGsmText(text) {
  return [...text].every((letter) => GSM.includes(letter) || GSM_DOUBLE.includes(letter));
}

export function countSegments(text) {
  const letters = [...text];
  const isGsm = isGsmText(text);
  const units = isGsm ? letters.reduce((sum, letter) => sum + (GSM_DOUBLE.includes(letter) ? 2 : 1), 0) : text.length;
  const [alone, joined] = isGsm ? [160, 153] : [70, 67];
  return units <= alone ? 1 : Math.ceil(units / joined);
}
