// @ts-check
/**
 * @typedef {{id: string, name: string, type: string, size: number, state?: string}} FileCard
 */

/**
 * Send one file to the desk. XMLHttpRequest, because it alone tells how far an upload is.
 *
 * @param {File} file
 * @param {{token: string | null, onProgress: (share: number) => void, signal: AbortSignal}} options
 * @returns {Promise<FileCard>} rejects with an Error whose message is the server's sentence, or empty when the network failed
 */
export function uploadFile(file, { token, onProgress, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/api/chat/attachments");
    request.responseType = "json";
    request.setRequestHeader("Authorization", `Bearer ${token}`);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("Accept-Language", document.documentElement.lang);
    request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    request.onload = () => (request.status === 201 ? resolve(request.response) : reject(new Error(sentence(request.response))));
    request.onerror = () => reject(new Error(""));
    request.onabort = () => reject(new DOMException("", "AbortError"));
    signal.addEventListener("abort", () => request.abort());
    const form = new FormData();
    form.append("file", file, file.name);
    request.send(form);
  });
}

/** @param {any} answer */
function sentence(answer) {
  return String(answer?.error?.message ?? answer?.message ?? "");
}
